/** Payloads leave with the samples of their time, and never before one of them. */
import { pruneRowsOnce } from "#orgs/store/counted-rows.ts";
import { COUNTED_PAYLOADS } from "./payload-bytes.ts";

/** A row has up to 600 KB: its pages are freed one by one. */
export const PRUNE_PAYLOAD_ROWS_MAX = 250;

const IS_BEFORE_SAMPLES = `id < coalesce(
  (SELECT id FROM tool_invocations WHERE org = ?1 ORDER BY id LIMIT 1), ?2)`;

/** One chunk. True when nothing older is left, or may go yet. */
export function prunePayloadsOnce(db: D1Database, org: string, beforeMs: number): Promise<boolean> {
  const terms = { rowsMax: PRUNE_PAYLOAD_ROWS_MAX, mayGo: IS_BEFORE_SAMPLES };
  return pruneRowsOnce(db, { org, beforeMs }, COUNTED_PAYLOADS, terms);
}
