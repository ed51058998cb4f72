/** Fails unless the database answers and is migrated: both kinds have a table of orgs. */
export async function probeDatabase(db: D1Database): Promise<void> {
  await db.prepare("SELECT 1 FROM orgs LIMIT 1").first();
}
