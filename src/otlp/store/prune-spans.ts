/** Spans leave with the samples of their time. */
import { uuid7LowerBound } from "#formats/uuid7.ts";

/** A row holds the spans of a request, up to a megabyte: its pages are freed one by one. */
export const PRUNE_SPAN_ROWS_MAX = 250;

const DELETE_SPANS = `DELETE FROM spans WHERE org = ?1 AND id IN
  (SELECT id FROM spans WHERE org = ?1 AND id < ?2 ORDER BY id LIMIT ${PRUNE_SPAN_ROWS_MAX})`;

/** One chunk, in one query. True when nothing older is left. */
export async function pruneSpansOnce(
  db: D1Database,
  org: string,
  beforeMs: number,
): Promise<boolean> {
  const { meta } = await db.prepare(DELETE_SPANS).bind(org, uuid7LowerBound(beforeMs)).run();
  return meta.changes < PRUNE_SPAN_ROWS_MAX;
}
