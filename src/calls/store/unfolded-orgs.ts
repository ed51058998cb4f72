/** Orgs of a shard that have something to fold: one key look-up an org, however many arrivals each has. */
const SELECT_ORGS_WITH_ARRIVALS = `WITH RECURSIVE found(org) AS (
    SELECT min(org) FROM arrivals WHERE org > ?1
    UNION ALL
    SELECT (SELECT min(org) FROM arrivals WHERE org > found.org) FROM found
    WHERE found.org IS NOT NULL LIMIT ?2
  ) SELECT org FROM found WHERE org IS NOT NULL`;

/** Orgs with arrivals whose names come after `after`, by name. */
export async function findOrgsWithArrivals(
  db: D1Database,
  after: string | null,
  limit: number,
): Promise<string[]> {
  const { results } = await db
    .prepare(SELECT_ORGS_WITH_ARRIVALS)
    .bind(after ?? "", limit)
    .all<{ org: string }>();
  return results.map(({ org }) => org);
}

export async function hasArrivals(db: D1Database, org: string): Promise<boolean> {
  const select = "SELECT 1 FROM arrivals WHERE org = ?1 LIMIT 1";
  return (await db.prepare(select).bind(org).first()) !== null;
}
