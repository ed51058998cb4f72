/** How many bytes an org's spans take, as the shard's org row counts them (src/orgs/space/counted-bytes.ts). */

/** What a row has besides its spans: the org, the id, and its part of the page's own. */
export const SPAN_ROW_BYTES = 100;

export async function findSpanBytes(db: D1Database, org: string): Promise<number> {
  const select = "SELECT span_bytes AS bytes FROM orgs WHERE org = ?1";
  return (await db.prepare(select).bind(org).first<number>("bytes")) ?? 0;
}
