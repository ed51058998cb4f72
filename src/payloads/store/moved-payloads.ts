/** Rows of callers' payloads that are to be sealed anew, for the samples that count their calls. */
import { decodeHex } from "#formats/hex.ts";
import { uncountRows } from "#orgs/store/counted-rows.ts";
import { COUNTED_PAYLOADS } from "./payload-bytes.ts";
import type { Piece } from "./payload-rows.ts";

const SELECT_KEPT = `SELECT id FROM tool_invocation_payloads
  WHERE org = ?1 AND id IN (SELECT value FROM json_each(?2)) AND key_version > 0 AND moved_to IS NULL`;

/** Those of the calls that have a row of their own. */
export async function findKept(
  db: D1Database,
  org: string,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const { results } = await db
    .prepare(SELECT_KEPT)
    .bind(org, JSON.stringify(ids))
    .all<{ id: string }>();
  return new Set(results.map(({ id }) => id));
}

/**
 * One that has a sample of its own stays: it was posted by the id that the span's would have had. Without the list of
 * ids SQLite goes through all rows of the org for each.
 */
const MARK = `UPDATE tool_invocation_payloads AS p SET moved_to = j.value ->> 0, moved_mac = j.value ->> 1
  FROM json_each(?2) AS j
  WHERE p.org = ?1 AND p.id IN (SELECT key FROM json_each(?2)) AND p.id = j.key
    AND NOT EXISTS (SELECT 1 FROM tool_invocations AS t WHERE t.org = ?1 AND t.id = j.key)`;

/** By the id of each row, the sample's and the code. */
export function markMoved(
  db: D1Database,
  org: string,
  moves: ReadonlyMap<string, readonly [sampleId: string, mac: string]>,
): D1PreparedStatement {
  return db.prepare(MARK).bind(org, JSON.stringify(Object.fromEntries(moves)));
}

const SELECT_ORGS = `SELECT DISTINCT org FROM tool_invocation_payloads
  WHERE moved_to IS NOT NULL AND org > ?1 ORDER BY org LIMIT ?2`;

export async function findOrgsWithMoved(
  db: D1Database,
  after: string | null,
  limit: number,
): Promise<string[]> {
  const { results } = await db
    .prepare(SELECT_ORGS)
    .bind(after ?? "", limit)
    .all<{ org: string }>();
  return results.map(({ org }) => org);
}

export interface MovedRow {
  readonly id: string;
  readonly keyVersion: number;
  readonly sampleId: string;
  readonly mac: string | null;
  readonly piece: Piece | null;
  readonly sealed: Uint8Array;
  /** Whether the sample is there, and has none that was told of with it. */
  readonly isWanted: boolean;
}

const selectMoved = (
  which: string,
) => `SELECT p.id, p.key_version AS keyVersion, p.moved_to AS sampleId, p.moved_mac AS mac,
    p.pieces, lower(hex(p.sealed)) AS sealed,
    EXISTS (SELECT 1 FROM tool_invocations AS t
      WHERE t.org = p.org AND t.id = p.moved_to AND t.payload_row IS NULL) AS isWanted
  FROM tool_invocation_payloads AS p WHERE p.org = ?1 AND ${which} ORDER BY p.moved_to LIMIT ?2`;
const SELECT_MOVED = selectMoved("p.moved_to IS NOT NULL");
const SELECT_MOVED_TO = selectMoved("p.moved_to = ?3");

interface StoredRow extends Omit<MovedRow, "piece" | "sealed" | "isWanted"> {
  readonly pieces: string;
  readonly sealed: string;
  readonly isWanted: number;
}

/** Of all samples, or of one. */
export async function findMoved(
  db: D1Database,
  org: string,
  { limit, sampleId }: { limit: number; sampleId?: string },
): Promise<MovedRow[]> {
  const select =
    sampleId === undefined
      ? db.prepare(SELECT_MOVED).bind(org, limit)
      : db.prepare(SELECT_MOVED_TO).bind(org, limit, sampleId);
  const { results } = await select.all<StoredRow>();
  return results.map(({ pieces, sealed, isWanted, ...row }) => ({
    ...row,
    piece: (JSON.parse(pieces) as Record<string, Piece>)[row.id] ?? null,
    sealed: decodeHex(sealed) ?? new Uint8Array(0),
    isWanted: isWanted === 1,
  }));
}

const IS_ROW = "org = ?1 AND id = ?2";
const HAS_COME = `${IS_ROW} AND EXISTS (
  SELECT 1 FROM tool_invocation_payloads AS come WHERE come.org = ?1 AND come.id = ?3)`;

function removeRow(db: D1Database, which: string, values: readonly string[]) {
  return [
    db.prepare(uncountRows(COUNTED_PAYLOADS, which)).bind(...values),
    db.prepare(`DELETE FROM tool_invocation_payloads WHERE ${which}`).bind(...values),
  ];
}

export async function dropMoved(db: D1Database, org: string, { id }: MovedRow): Promise<void> {
  await db.batch(removeRow(db, IS_ROW, [org, id]));
}

/** Puts the sample's row in its place, in one transaction. It stays where that row is not taken for want of space. */
export async function replaceMoved(
  db: D1Database,
  org: string,
  { id, sampleId }: MovedRow,
  insert: readonly D1PreparedStatement[],
): Promise<void> {
  await db.batch([...insert, ...removeRow(db, HAS_COME, [org, id, sampleId])]);
}

/** What does not open is nobody's. */
export async function unmarkMoved(db: D1Database, org: string, { id }: MovedRow): Promise<void> {
  await db
    .prepare(
      `UPDATE tool_invocation_payloads SET moved_to = NULL, moved_mac = NULL WHERE ${IS_ROW}`,
    )
    .bind(org, id)
    .run();
}
