/** Plugins as orgs registered them (migrations/directory/0006_plugins.sql). */

import { PLUGINS_MAX, type PluginPlace, type StoredPlugin } from "#gateway/plugins/plugin.ts";
import type { Org } from "#orgs/org.ts";
import { deleteOfClosedOrg } from "#orgs/store/closed-org.ts";
import { type OperatorAction, recordOperatorAction } from "#orgs/store/operator-actions.ts";
import { changedByFirst } from "#platform/d1/batch.ts";

interface PluginRow
  extends Omit<StoredPlugin, "headerNames" | "sealedHeaders" | "capturesPayloads"> {
  readonly headers: string;
  readonly capturesPayloads: number | null;
}

const COLUMNS = `org, workspace, plugin, registration, url, headers, timeout_ms AS timeoutMs,
  on_tool_change AS onToolChange, captures_payloads AS capturesPayloads, version, created_at_ms AS createdAtMs, updated_at_ms AS updatedAtMs`;

export async function findStoredPlugin(
  directory: D1Database,
  org: string,
  { workspace, plugin }: PluginPlace,
): Promise<StoredPlugin | null> {
  const row = await directory
    .prepare(`SELECT ${COLUMNS} FROM plugins WHERE org = ?1 AND workspace = ?2 AND plugin = ?3`)
    .bind(org, workspace, plugin)
    .first<PluginRow>();
  return row === null ? null : pluginOfRow(row);
}

/** Newest first. Registrations sort by age, so what is added meanwhile lies before every page to come. */
export async function findPluginsOfOrg(
  directory: D1Database,
  org: string,
  { before, limit }: { before: string | null; limit: number },
): Promise<StoredPlugin[]> {
  const older = before === null ? "" : "AND registration < ?3";
  const { results } = await directory
    .prepare(
      `SELECT ${COLUMNS} FROM plugins WHERE org = ?1 ${older} ORDER BY registration DESC LIMIT ?2`,
    )
    .bind(org, limit, ...(before === null ? [] : [before]))
    .all<PluginRow>();
  return results.map(pluginOfRow);
}

/** The version of the key that a header's value was sealed with (src/vault/seal.ts). */
const SEALED_WITH = `CASE WHEN header.value LIKE 'v1.%' THEN 0
  ELSE CAST(substr(header.value, 4) AS INTEGER) END`;

/** Values by the version of their key. */
export async function countSealedHeaders(
  directory: D1Database,
  org: string,
): Promise<ReadonlyMap<number, number>> {
  const { results } = await directory
    .prepare(
      `SELECT ${SEALED_WITH} AS version, count(*) AS n
       FROM plugins CROSS JOIN json_each(plugins.headers) AS header WHERE org = ?1 GROUP BY 1`,
    )
    .bind(org)
    .all<{ version: number; n: number }>();
  return new Map(results.map(({ version, n }) => [version, n]));
}

/** Some that have a value which an earlier version of the key sealed. */
export async function findSealedBelow(
  directory: D1Database,
  org: string,
  { version, limit }: { version: number; limit: number },
): Promise<StoredPlugin[]> {
  const { results } = await directory
    .prepare(
      `SELECT ${COLUMNS} FROM plugins WHERE org = ?1 AND EXISTS (
         SELECT 1 FROM json_each(plugins.headers) AS header WHERE ${SEALED_WITH} < ?2) LIMIT ?3`,
    )
    .bind(org, version, limit)
    .all<PluginRow>();
  return results.map(pluginOfRow);
}

/** The limit counts in the transaction that inserts, so that no two callers take the last place. */
const INSERT = `INSERT INTO plugins (org, workspace, plugin, registration, url, headers, timeout_ms,
    on_tool_change, captures_payloads, version, created_at_ms, updated_at_ms)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?11, 1, ?9, ?9
  WHERE EXISTS (SELECT 1 FROM orgs WHERE org = ?1 AND generation = ?10 AND state = 'active')
    AND (SELECT count(*) FROM plugins WHERE org = ?1) < ${PLUGINS_MAX}
  ON CONFLICT DO NOTHING`;

/** False if it is there already, the org is closed, or has as many as it may. */
export function insertPlugin(
  directory: D1Database,
  { generation }: Pick<Org, "generation">,
  plugin: StoredPlugin,
  action: OperatorAction | null,
): Promise<boolean> {
  const { org, workspace, registration, url, sealedHeaders, timeoutMs, onToolChange } = plugin;
  const headers = JSON.stringify(sealedHeaders);
  const names = [org, workspace, plugin.plugin, registration];
  const settings = [url, headers, timeoutMs, onToolChange, plugin.createdAtMs, generation];
  const insert = directory.prepare(INSERT).bind(...names, ...settings, flagOf(plugin));
  return changedByFirst(directory, [insert, ...recorded(directory, action)]);
}

const UPDATE = `UPDATE plugins SET url = ?5, headers = ?6, timeout_ms = ?7, on_tool_change = ?8,
    captures_payloads = ?11, version = version + 1, updated_at_ms = ?9
  WHERE org = ?1 AND workspace = ?2 AND plugin = ?3 AND registration = ?4 AND version = ?10`;

/** False if it is no longer as the change was decided on. */
export function updatePlugin(
  directory: D1Database,
  before: StoredPlugin,
  after: StoredPlugin,
  action: OperatorAction | null,
): Promise<boolean> {
  const { org, workspace, plugin, registration } = before;
  const { url, sealedHeaders, timeoutMs, onToolChange, updatedAtMs } = after;
  const settings = [url, JSON.stringify(sealedHeaders), timeoutMs, onToolChange, updatedAtMs];
  const update = directory
    .prepare(UPDATE)
    .bind(org, workspace, plugin, registration, ...settings, before.version, flagOf(after));
  return changedByFirst(directory, [update, ...recorded(directory, action)]);
}

/** False if there is none. */
export function deletePlugin(
  directory: D1Database,
  { org, workspace, plugin, registration }: StoredPlugin,
  action: OperatorAction | null,
): Promise<boolean> {
  const remove = directory
    .prepare(
      "DELETE FROM plugins WHERE org = ?1 AND workspace = ?2 AND plugin = ?3 AND registration = ?4",
    )
    .bind(org, workspace, plugin, registration);
  return changedByFirst(directory, [remove, ...recorded(directory, action)]);
}

export async function countPlugins(directory: D1Database, org: string): Promise<number> {
  const select = directory.prepare("SELECT count(*) AS n FROM plugins WHERE org = ?1").bind(org);
  return (await select.first<number>("n")) ?? 0;
}

/** Part of closing an org: its plugins' credentials go at once. */
export function deletePluginsOfOrg(directory: D1Database, org: string): D1PreparedStatement {
  return deleteOfClosedOrg(directory, "plugins", org);
}

function recorded(directory: D1Database, action: OperatorAction | null): D1PreparedStatement[] {
  return action === null ? [] : [recordOperatorAction(directory, action)];
}

function flagOf({ capturesPayloads }: Pick<StoredPlugin, "capturesPayloads">): number | null {
  return capturesPayloads === null ? null : Number(capturesPayloads);
}

function pluginOfRow({ headers, capturesPayloads: flag, ...row }: PluginRow): StoredPlugin {
  const sealedHeaders: StoredPlugin["sealedHeaders"] = JSON.parse(headers);
  const capturesPayloads = flag === null ? null : flag === 1;
  return {
    ...row,
    capturesPayloads,
    sealedHeaders,
    headerNames: Object.keys(sealedHeaders).sort(),
  };
}
