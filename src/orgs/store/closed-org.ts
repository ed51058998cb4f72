/** What is an org's alone in the directory and goes with it, in a table that names the org. */
type OrgsTable = "identity" | "observability" | "plugins" | "policies" | "web_sessions";

/** Part of closing an org: deletes nothing of one that is active. */
export function deleteOfClosedOrg(
  directory: D1Database,
  table: OrgsTable,
  org: string,
): D1PreparedStatement {
  return directory
    .prepare(
      `DELETE FROM ${table} WHERE org = ?1
       AND EXISTS (SELECT 1 FROM orgs WHERE org = ?1 AND state <> 'active')`,
    )
    .bind(org);
}
