/** Spans leave with the samples of their time. */
import { uuid7LowerBound } from "#formats/uuid7.ts";
import { SPAN_ROW_BYTES } from "./span-bytes.ts";

/** A row holds the spans of a request, up to a megabyte: its pages are freed one by one. */
export const PRUNE_SPAN_ROWS_MAX = 250;

const chunkOf = (columns: string) => `SELECT ${columns} FROM spans
  WHERE org = ?1 AND id < ?2 ORDER BY id LIMIT ${PRUNE_SPAN_ROWS_MAX}`;

const DELETE_SPANS = `DELETE FROM spans WHERE org = ?1 AND id IN (${chunkOf("id")})`;

/** Not written where there is nothing to delete. */
const UNCOUNT_BYTES = `UPDATE orgs SET span_bytes = max(0, span_bytes - doomed.bytes)
  FROM (SELECT sum(bytes) AS bytes
    FROM (${chunkOf(`${SPAN_ROW_BYTES} + octet_length(traces) + octet_length(payload) AS bytes`)})) AS doomed
  WHERE org = ?1 AND doomed.bytes > 0`;

/** Queries that `pruneSpansOnce` sends. */
export const PRUNE_SPAN_QUERIES = 2;

/** One chunk, in one transaction. True when nothing older is left. */
export async function pruneSpansOnce(
  db: D1Database,
  org: string,
  beforeMs: number,
): Promise<boolean> {
  const before = uuid7LowerBound(beforeMs);
  const [, deleted] = await db.batch([
    db.prepare(UNCOUNT_BYTES).bind(org, before),
    db.prepare(DELETE_SPANS).bind(org, before),
  ]);
  return (deleted?.meta.changes ?? 0) < PRUNE_SPAN_ROWS_MAX;
}
