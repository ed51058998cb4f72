/** How many bytes an org's spans take, as the shard's org row counts them (src/orgs/space/counted-bytes.ts). */
import { type CountedTable, findCountedBytes } from "#orgs/store/counted-rows.ts";

/** What a row has besides its spans: the org, the id, and its part of the page's own. */
export const SPAN_ROW_BYTES = 100;

export const COUNTED_SPANS: CountedTable = {
  table: "spans",
  counter: "span_bytes",
  rowBytes: `${SPAN_ROW_BYTES} + octet_length(traces) + octet_length(payload)`,
};

export function findSpanBytes(db: D1Database, org: string): Promise<number> {
  return findCountedBytes(db, org, COUNTED_SPANS);
}
