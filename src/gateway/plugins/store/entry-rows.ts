/** Entries about plugins' tools on their way to the ledger (migrations/shard/0017_plugin_tools.sql). */
import type { PluginEntry } from "#gateway/plugins/drift-entries.ts";

type EntryRow = Omit<PluginEntry, "details"> & { details: string };

/** Oldest first. */
export async function findEntries(
  db: D1Database,
  org: string,
  limit: number,
): Promise<PluginEntry[]> {
  const { results } = await db
    .prepare(
      `SELECT id, action, outcome, actor, target, workspace, details, request_id AS requestId,
         occurred_at_ms AS occurredAtMs
       FROM plugin_entries WHERE org = ?1 ORDER BY id LIMIT ?2`,
    )
    .bind(org, limit)
    .all<EntryRow>();
  return results.map((row) => ({ ...row, details: JSON.parse(row.details) }));
}

/** Removes those that the ledger has. */
export async function forgetEntries(
  db: D1Database,
  org: string,
  ids: readonly string[],
): Promise<void> {
  await db
    .prepare(
      "DELETE FROM plugin_entries WHERE org = ?1 AND id IN (SELECT value FROM json_each(?2))",
    )
    .bind(org, JSON.stringify(ids))
    .run();
}

/** The shard's orgs behind `after` that have something to be told: an entry, or changes that are due to be one. */
export async function findOrgsToTell(
  db: D1Database,
  dueBeforeMs: number,
  { after, limit }: { after: string | null; limit: number },
): Promise<string[]> {
  const { results } = await db
    .prepare(
      `SELECT org FROM plugin_entries WHERE org > ?1
       UNION SELECT org FROM plugin_lists WHERE org > ?1 AND untold IS NOT NULL AND told_ms <= ?2
       ORDER BY org LIMIT ?3`,
    )
    .bind(after ?? "", dueBeforeMs, limit)
    .all<{ org: string }>();
  return results.map(({ org }) => org);
}
