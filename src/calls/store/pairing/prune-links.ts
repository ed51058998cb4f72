/** How spans hang together is kept for a few minutes. A busy org's new rows take the old ones along. */
import { LINKS_KEPT_MS } from "./pairing-writes.ts";

/** A row has up to a megabyte, whose pages are freed one by one. */
export const PRUNE_LINK_ROWS_MAX = 250;

/** The newest row stays, so that the rows' numbers only rise. */
const DELETE_LINKS = `DELETE FROM call_links WHERE org = ?1 AND received_ms < ?2
  AND seq < (SELECT max(seq) FROM call_links WHERE org = ?1)
  AND seq IN (SELECT seq FROM call_links WHERE org = ?1 ORDER BY seq LIMIT ${PRUNE_LINK_ROWS_MAX})`;

/** One chunk, in one query. True when nothing older is left. */
export async function pruneLinksOnce(db: D1Database, org: string, nowMs: number): Promise<boolean> {
  const { meta } = await db
    .prepare(DELETE_LINKS)
    .bind(org, nowMs - LINKS_KEPT_MS)
    .run();
  return meta.changes < PRUNE_LINK_ROWS_MAX;
}
