/** Orgs of a shard that have something to count: one key look-up an org, however many rows each has. */
const selectOrgs = (table: string) => `WITH RECURSIVE found(org) AS (
    SELECT min(org) FROM ${table} WHERE org > ?1
    UNION ALL
    SELECT (SELECT min(org) FROM ${table} WHERE org > found.org) FROM found
    WHERE found.org IS NOT NULL LIMIT ?2
  ) SELECT org FROM found WHERE org IS NOT NULL`;

const SELECT_ORGS_WITH_ARRIVALS = selectOrgs("arrivals");
const SELECT_ORGS_WITH_WAITING = selectOrgs("waiting_calls");

/** Orgs with arrivals whose names come after `after`, by name. */
export function findOrgsWithArrivals(
  db: D1Database,
  after: string | null,
  limit: number,
): Promise<string[]> {
  return findOrgs(db, SELECT_ORGS_WITH_ARRIVALS, after, limit);
}

/** Orgs with callers' calls that wait, due or not. */
export function findOrgsWithWaiting(
  db: D1Database,
  after: string | null,
  limit: number,
): Promise<string[]> {
  return findOrgs(db, SELECT_ORGS_WITH_WAITING, after, limit);
}

async function findOrgs(
  db: D1Database,
  sql: string,
  after: string | null,
  limit: number,
): Promise<string[]> {
  const { results } = await db
    .prepare(sql)
    .bind(after ?? "", limit)
    .all<{ org: string }>();
  return results.map(({ org }) => org);
}
