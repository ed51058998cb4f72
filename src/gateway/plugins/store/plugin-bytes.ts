/** What a plugin's rows have besides its definitions: names, hashes, times. */
const PLUGIN_BYTES = 2_000;

/** About how many bytes the shard has of the org's plugins: their lists say it, 1,000 rows at most. */
export async function findPluginBytes(db: D1Database, org: string): Promise<number> {
  const bytes = await db
    .prepare(
      `SELECT coalesce(sum(definition_bytes + ${PLUGIN_BYTES}), 0) AS bytes
       FROM plugin_lists WHERE org = ?1`,
    )
    .bind(org)
    .first<number>("bytes");
  return bytes ?? 0;
}
