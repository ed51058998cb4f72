/** Payloads leave with the samples of their time, and never before one of them. */
import { uuid7LowerBound } from "#formats/uuid7.ts";
import { rowBytes } from "./payload-bytes.ts";

/** A row has up to 600 KB: its pages are freed one by one. */
export const PRUNE_PAYLOAD_ROWS_MAX = 250;

const chunkOf = (columns: string) => `SELECT ${columns} FROM tool_invocation_payloads
  WHERE org = ?1 AND id < ?2
    AND id < coalesce((SELECT id FROM tool_invocations WHERE org = ?1 ORDER BY id LIMIT 1), ?2)
  ORDER BY id LIMIT ${PRUNE_PAYLOAD_ROWS_MAX}`;

const DELETE = `DELETE FROM tool_invocation_payloads WHERE org = ?1 AND id IN (${chunkOf("id")})`;

/** Not written where there is nothing to delete. */
const UNCOUNT_BYTES = `UPDATE orgs SET payload_bytes = max(0, payload_bytes - doomed.bytes)
  FROM (SELECT sum(bytes) AS bytes FROM (${chunkOf(`${rowBytes("")} AS bytes`)})) AS doomed
  WHERE org = ?1 AND doomed.bytes > 0`;

/** Queries that `prunePayloadsOnce` sends. */
export const PRUNE_PAYLOAD_QUERIES = 2;

/** One chunk, in one transaction. True when nothing older is left, or may go yet. */
export async function prunePayloadsOnce(
  db: D1Database,
  org: string,
  beforeMs: number,
): Promise<boolean> {
  const before = uuid7LowerBound(beforeMs);
  const [, deleted] = await db.batch([
    db.prepare(UNCOUNT_BYTES).bind(org, before),
    db.prepare(DELETE).bind(org, before),
  ]);
  return (deleted?.meta.changes ?? 0) < PRUNE_PAYLOAD_ROWS_MAX;
}
