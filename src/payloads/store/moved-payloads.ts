/** Rows of callers' payloads that are to be sealed anew, for the samples that count their calls. */
import { decodeHex } from "#formats/hex.ts";
import { uncountRows } from "#orgs/store/counted-rows.ts";
import { COUNTED_PAYLOADS } from "./payload-bytes.ts";
import { type Piece, parsePieces } from "./payload-rows.ts";

const SELECT_KEPT = `SELECT id, key_version AS keyVersion FROM tool_invocation_payloads
  WHERE org = ?1 AND id IN (SELECT value FROM json_each(?2)) AND key_version > 0 AND moved_to IS NULL`;

/** Of those of the calls that have a row of their own, the version of the key that it is sealed with. */
export async function findKept(
  db: D1Database,
  org: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const { results } = await db
    .prepare(SELECT_KEPT)
    .bind(org, JSON.stringify(ids))
    .all<{ id: string; keyVersion: number }>();
  return new Map(results.map(({ id, keyVersion }) => [id, keyVersion]));
}

/**
 * One that has a sample of its own stays: it was posted by the id that the span's would have had. Without the list of
 * ids SQLite goes through all rows of the org for each.
 */
const MARK = `UPDATE tool_invocation_payloads AS p SET moved_to = j.value ->> 0, moved_proof = j.value ->> 1
  FROM json_each(?2) AS j
  WHERE p.org = ?1 AND p.id IN (SELECT key FROM json_each(?2)) AND p.id = j.key
    AND NOT EXISTS (SELECT 1 FROM tool_invocations AS t WHERE t.org = ?1 AND t.id = j.key)`;

/** By the id of each row, the sample's and the proof. */
export function markMoved(
  db: D1Database,
  org: string,
  moves: ReadonlyMap<string, readonly [sampleId: string, proof: string]>,
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
  readonly proof: string | null;
  readonly piece: Piece | null;
  readonly sealed: Uint8Array;
  /** Of the sample; null where it is not there, or has a payload that was told of with it. */
  readonly place: MovedPlace | null;
}

export interface MovedPlace {
  readonly workspace: string;
  readonly plugin: string;
  readonly tool: string;
}

const selectMoved = (
  which: string,
) => `SELECT p.id, p.key_version AS keyVersion, p.moved_to AS sampleId, p.moved_proof AS proof,
    p.pieces, lower(hex(p.sealed)) AS sealed,
    (SELECT json_object('workspace', t.workspace, 'plugin', t.plugin, 'tool', t.tool)
      FROM tool_invocations AS t
      WHERE t.org = p.org AND t.id = p.moved_to AND t.payload_row IS NULL) AS place
  FROM tool_invocation_payloads AS p WHERE p.org = ?1 AND ${which} ORDER BY p.moved_to LIMIT ?2`;
const SELECT_MOVED = selectMoved("p.moved_to IS NOT NULL");
const SELECT_MOVED_TO = selectMoved("p.moved_to = ?3");

interface StoredRow extends Omit<MovedRow, "piece" | "sealed" | "place"> {
  readonly pieces: string;
  readonly sealed: string;
  readonly place: string | null;
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
  return results.map(({ pieces, sealed, place, ...row }) => ({
    ...row,
    piece: parsePieces(pieces)[row.id] ?? null,
    sealed: decodeHex(sealed) ?? new Uint8Array(0),
    place: place === null ? null : JSON.parse(place),
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

/** Puts the sample's row in its place, in one transaction. False where that row was not taken: of an org that is gone. */
export async function replaceMoved(
  db: D1Database,
  org: string,
  { id, sampleId }: MovedRow,
  insert: readonly D1PreparedStatement[],
): Promise<boolean> {
  const removal = removeRow(db, HAS_COME, [org, id, sampleId]);
  const results = await db.batch([...insert, ...removal]);
  return results.at(-1)!.meta.changes > 0;
}

/** What does not open is nobody's. */
export async function unmarkMoved(db: D1Database, org: string, { id }: MovedRow): Promise<void> {
  await db
    .prepare(
      `UPDATE tool_invocation_payloads SET moved_to = NULL, moved_proof = NULL WHERE ${IS_ROW}`,
    )
    .bind(org, id)
    .run();
}
