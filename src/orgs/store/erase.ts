/** Removes what is left of a closed org on its shard, in bounded chunks. */

import { type OrgTable, orgParts } from "#orgs/org-lifecycle.ts";

/** The tables of every part. A chunk sends a query for each of them. */
export function orgTables(): readonly OrgTable[] {
  return orgParts().flatMap(({ tables = [] }) => tables);
}

/** One chunk of every table, in one transaction. True when nothing is left. */
export async function eraseOnce(db: D1Database, org: string): Promise<boolean> {
  const tables = orgTables();
  const results = await db.batch(tables.map((table) => deleteChunk(db, table, org)));
  return tables.every(({ rowsMax }, index) => (results[index]?.meta.changes ?? 0) < rowsMax);
}

function deleteChunk(
  db: D1Database,
  { table, key, rowsMax }: OrgTable,
  org: string,
): D1PreparedStatement {
  return db
    .prepare(
      `DELETE FROM ${table} WHERE org = ?1 AND (${key}) IN
        (SELECT ${key} FROM ${table} WHERE org = ?1 LIMIT ${rowsMax})`,
    )
    .bind(org);
}
