/** Sealed payloads as rows, and the statements that write them. */
import type { PayloadRows, WriteGuard } from "#calls/call-payload.ts";
import { concatBytes } from "#formats/concat-bytes.ts";
import { uuid7FromRandom, uuid7TimeMs } from "#formats/uuid7.ts";
import { insertCounted } from "#orgs/store/counted-rows.ts";
import type { SealedPayload } from "#payloads/seal-payloads.ts";
import { COUNTED_PAYLOADS, PAYLOAD_ROW_BYTES } from "./payload-bytes.ts";

export interface PayloadRow {
  readonly id: string;
  readonly keyVersion: number;
  readonly pieces: Record<string, Piece>;
  readonly sealed: Uint8Array;
}

export type Piece = readonly [offset: number, requestBytes: number, responseBytes: number];

/** Of a row as it is stored. What is no piece, as of a row that was damaged, is left out: it opens nowhere. */
export function parsePieces(text: string): Readonly<Record<string, Piece>> {
  const pieces = JSON.parse(text) as unknown;
  if (typeof pieces !== "object" || pieces === null) return {};
  return Object.fromEntries(Object.entries(pieces).filter(([, piece]) => isPiece(piece)));
}

function isPiece(value: unknown): value is Piece {
  return Array.isArray(value) && value.length === 3 && value.every((part) => part >= 0);
}

/** A row goes with its samples, so it may not hold those of much longer a time. */
const ROW_SPREAD_MS = 600_000;
/** Both fields of the largest payload; D1 takes values of 2 MB. */
const ROW_BYTES_MAX = 600_000;

/** A payload that has its row alone has it by its own id, so that it is found there though its sample says nothing. */
export function payloadRows(payloads: readonly SealedPayload[]): PayloadRow[] {
  const slots = Map.groupBy(
    payloads,
    ({ id, keyVersion }) => `${keyVersion} ${Math.floor(uuid7TimeMs(id) / ROW_SPREAD_MS)}`,
  );
  return [...slots.values()].flatMap((slot) => packed(slot).map(rowOf));
}

function packed(payloads: readonly SealedPayload[]): SealedPayload[][] {
  const rows: SealedPayload[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const payload of payloads) {
    if (bytes + bytesOf(payload) > ROW_BYTES_MAX) {
      rows.push([]);
      bytes = 0;
    }
    rows.at(-1)!.push(payload);
    bytes += bytesOf(payload);
  }
  return rows;
}

function rowOf(payloads: readonly SealedPayload[]): PayloadRow {
  const [{ id, keyVersion }] = payloads as [SealedPayload];
  const fields: Uint8Array[] = [];
  const pieces: Record<string, Piece> = {};
  let offset = 0;
  for (const payload of payloads) {
    const { request, response } = payload;
    pieces[payload.id] = [offset, request?.length ?? 0, response?.length ?? 0];
    fields.push(...[request, response].filter((field) => field !== null));
    offset += bytesOf(payload);
  }
  const rowId = payloads.length === 1 ? id : sharedId(payloads);
  return { id: rowId, keyVersion, pieces, sealed: concatBytes(fields) };
}

function sharedId(payloads: readonly SealedPayload[]): string {
  const latestMs = payloads.reduce((latest, { id }) => Math.max(latest, uuid7TimeMs(id)), 0);
  return uuid7FromRandom(latestMs, crypto.getRandomValues(new Uint8Array(10)));
}

function bytesOf({ request, response }: SealedPayload): number {
  return (request?.length ?? 0) + (response?.length ?? 0);
}

/** What is there by that id stays: a payload is that of the call's first report. */
const insertRow = (condition: string) => `INSERT INTO tool_invocation_payloads
    (org, id, key_version, pieces, sealed)
  SELECT ?1, ?4, ?5, ?6, ?7 WHERE ${condition} ON CONFLICT DO NOTHING`;

export function insertPayloads(
  db: D1Database,
  { org: { org, generation }, oldestMs, condition }: WriteGuard,
  payloads: readonly SealedPayload[],
): PayloadRows {
  const rows = payloadRows(payloads);
  const writes = rows.flatMap(({ id, keyVersion, pieces, sealed }) => {
    const text = JSON.stringify(pieces);
    const insert = db
      .prepare(insertRow(condition))
      .bind(org, generation, oldestMs, id, keyVersion, text, sealed);
    const bytes = PAYLOAD_ROW_BYTES + text.length + sealed.length;
    return insertCounted(db, { org, bytes }, COUNTED_PAYLOADS, insert);
  });
  const places = rows.flatMap(({ id, pieces }) =>
    Object.keys(pieces).map((call) => [call, id] as const),
  );
  return { writes, rowOf: new Map(places) };
}
