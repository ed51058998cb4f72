/** Orgs of a shard that have something to fold: one key look-up an org, however many arrivals each has. */
const ORGS_MAX = 1_000;

const SELECT_ORGS_WITH_ARRIVALS = `WITH RECURSIVE found(org) AS (
    SELECT min(org) FROM arrivals
    UNION ALL
    SELECT (SELECT min(org) FROM arrivals WHERE org > found.org) FROM found
    WHERE found.org IS NOT NULL LIMIT ${ORGS_MAX}
  ) SELECT org FROM found WHERE org IS NOT NULL`;

export async function findOrgsWithArrivals(db: D1Database): Promise<string[]> {
  const { results } = await db.prepare(SELECT_ORGS_WITH_ARRIVALS).all<{ org: string }>();
  return results.map(({ org }) => org);
}
