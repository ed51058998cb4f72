/** How many payloads of an org did not open. */

export async function countRefused(db: D1Database, org: string): Promise<void> {
  await db
    .prepare("UPDATE orgs SET payloads_refused = payloads_refused + 1 WHERE org = ?1")
    .bind(org)
    .run();
}

export function selectRefused(db: D1Database, org: string): D1PreparedStatement {
  return db.prepare("SELECT payloads_refused AS refused FROM orgs WHERE org = ?1").bind(org);
}
