/**
 * A caller's span may tell what its call carried, and the call be counted by another's sample. What is sealed is bound to
 * the caller's own id, so it is sealed anew for the sample: in the transaction that decides how the call is counted it is
 * marked, and moved by the next tick, or by who asks for it before. The mark has a code that the databases cannot make:
 * who can write them alone brings no payload to another call.
 */
import type { MovedCall } from "#calls/call-payload.ts";
import { ORG_TAKES_WRITES } from "#calls/store/insert-statements.ts";
import { encodeHex } from "#formats/hex.ts";
import { uuid7TimeMs } from "#formats/uuid7.ts";
import { digestsEqual } from "#orgs/service-token.ts";
import {
  dropMoved,
  findKept,
  findMoved,
  type MovedRow,
  markMoved,
  replaceMoved,
  unmarkMoved,
} from "#payloads/store/moved-payloads.ts";
import { insertPayloads } from "#payloads/store/payload-rows.ts";
import { countRefused } from "#payloads/store/refused-payloads.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase } from "#platform/shards.ts";
import type { KeyedOrg } from "#vault/data-key-purpose.ts";
import { dataKeyOf, newestDataKey } from "#vault/data-keys.ts";
import { macOf, macsOf } from "#vault/mac.ts";
import type { VersionedKey } from "#vault/seal.ts";
import { openPayload, type PayloadField, sealPayload } from "./sealed-payload.ts";

/** What calls/call-payload.ts asks of who keeps payloads. */
export async function moveReported(
  env: Env,
  org: KeyedOrg,
  calls: readonly MovedCall[],
): Promise<readonly D1PreparedStatement[]> {
  const db = shardDatabase(env, org.shard);
  const ids = calls.map(({ id }) => id);
  const kept = await findKept(db, org.org, ids);
  if (kept.size === 0) return [];
  const moves = new Map<string, readonly [string, string]>();
  for (const { id, sampleId } of calls) {
    if (!kept.has(id)) continue;
    const mac = await macOf(env, "movedPayload", org.org, saidOf(org, { id, sampleId }));
    moves.set(id, [sampleId, encodeHex(mac)]);
  }
  return [markMoved(db, org.org, moves)];
}

export interface MovedPayloads {
  readonly rows: number;
  /** Of these, altered or marked by others: they are counted, and stay where nobody asks for them. */
  readonly refused: number;
}

/** Of one sample, for who asks for its payload, or some of all. */
export async function moveMarked(
  env: Env,
  org: KeyedOrg,
  of: { limit: number; sampleId?: string },
): Promise<MovedPayloads> {
  const rows = await findMoved(shardDatabase(env, org.shard), org.org, of);
  let refused = 0;
  for (const row of rows) if ((await moveRow(env, org, row)) === "refused") refused += 1;
  return { rows: rows.length, refused };
}

async function moveRow(env: Env, org: KeyedOrg, row: MovedRow): Promise<"moved" | "refused"> {
  const db = shardDatabase(env, org.shard);
  if (!(await isMarkedByUs(env, org, row))) return refuse(db, org, row);
  const from = await dataKeyOf(env, org, "payload", row.keyVersion);
  if (from === null || !row.isWanted) {
    await dropMoved(db, org.org, row);
    return "moved";
  }
  const to = await newestDataKey(env, org, "payload");
  const request = await movedField(org, row, { from, to }, "request");
  const response = await movedField(org, row, { from, to }, "response");
  if (request === "refused" || response === "refused") return refuse(db, org, row);
  const payload = { id: row.sampleId, keyVersion: to.version, request, response };
  const oldestMs = uuid7TimeMs(row.sampleId);
  const { writes } = insertPayloads(db, { org, oldestMs, condition: ORG_TAKES_WRITES }, [payload]);
  await replaceMoved(db, org.org, row, writes);
  return "moved";
}

async function isMarkedByUs(env: Env, org: KeyedOrg, row: MovedRow): Promise<boolean> {
  const macs = await macsOf(env, "movedPayload", org.org, saidOf(org, row));
  return macs.some((mac) => digestsEqual(encodeHex(mac), row.mac ?? ""));
}

async function refuse(db: D1Database, { org }: KeyedOrg, row: MovedRow): Promise<"refused"> {
  await countRefused(db, org);
  await unmarkMoved(db, org, row);
  return "refused";
}

async function movedField(
  { org }: KeyedOrg,
  { id, sampleId, piece, sealed }: MovedRow,
  { from, to }: { from: VersionedKey; to: VersionedKey },
  field: PayloadField,
): Promise<Uint8Array | null | "refused"> {
  if (piece === null) return "refused";
  const [start, requestBytes, responseBytes] = piece;
  const [at, bytes] =
    field === "request" ? [start, requestBytes] : [start + requestBytes, responseBytes];
  if (bytes === 0) return null;
  const content = await openPayload(from, { org, id, field }, sealed.subarray(at, at + bytes));
  return content === null ? "refused" : sealPayload(to, { org, id: sampleId, field }, content);
}

function saidOf({ generation }: KeyedOrg, { id, sampleId }: MovedCall): string {
  return JSON.stringify([generation, id, sampleId]);
}
