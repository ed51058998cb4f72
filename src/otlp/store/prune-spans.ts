/** Spans leave with the samples of their time. */
import { pruneRowsOnce } from "#orgs/store/counted-rows.ts";
import { COUNTED_SPANS } from "./span-bytes.ts";

/** A row holds the spans of a request, up to a megabyte: its pages are freed one by one. */
export const PRUNE_SPAN_ROWS_MAX = 250;

/** One chunk. True when nothing older is left. */
export function pruneSpansOnce(db: D1Database, org: string, beforeMs: number): Promise<boolean> {
  return pruneRowsOnce(db, { org, beforeMs }, COUNTED_SPANS, { rowsMax: PRUNE_SPAN_ROWS_MAX });
}
