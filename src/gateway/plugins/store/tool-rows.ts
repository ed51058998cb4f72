/** The tools of a plugin, as reads and acceptances see them (migrations/shard/0017_plugin_tools.sql). */
import type { PluginEntry } from "#gateway/plugins/drift-entries.ts";
import type { Plugin } from "#gateway/plugins/plugin.ts";
import type { ShardedOrg } from "#orgs/store/shard-orgs.ts";
import { bindKey } from "./list-rows.ts";

/** ?4 is the registration: what another one of the name left is not there. */
const LIST = `plugin_lists AS l WHERE l.org = ?1 AND l.workspace = ?2 AND l.plugin = ?3
  AND l.registration = ?4`;

function keyOf(plugin: Plugin): readonly string[] {
  return [...bindKey(plugin), plugin.registration];
}

export async function findRevision(db: D1Database, plugin: Plugin): Promise<string | null> {
  return db
    .prepare(`SELECT l.revision AS revision FROM ${LIST}`)
    .bind(...keyOf(plugin))
    .first<string>("revision");
}

export interface ToolText {
  readonly name: string;
  readonly hash: string;
  readonly definition: string;
  readonly isQuarantined: boolean;
  readonly isGone: boolean;
}

const TOOLS = `plugin_tools AS t WHERE t.org = ?1 AND t.workspace = ?2 AND t.plugin = ?3
  AND EXISTS (SELECT 1 FROM ${LIST})`;

interface TextRow extends Omit<ToolText, "isQuarantined" | "isGone"> {
  readonly isQuarantined: 0 | 1;
  readonly isGone: 0 | 1;
}

/** Of one point in time; without a revision where no list was learnt. */
export async function findToolTexts(
  db: D1Database,
  plugin: Plugin,
): Promise<{ revision: string | null; isWhole: boolean; texts: ToolText[] }> {
  const key = keyOf(plugin);
  const [lists, rows] = await db.batch<unknown>([
    db
      .prepare(`SELECT l.revision AS revision, l.whole_hash AS wholeHash FROM ${LIST}`)
      .bind(...key),
    db
      .prepare(
        `SELECT t.tool AS name, t.hash, t.definition, t.is_quarantined AS isQuarantined,
           t.is_gone AS isGone FROM ${TOOLS}`,
      )
      .bind(...key),
  ]);
  const [list] = (lists?.results ?? []) as { revision: string; wholeHash: string | null }[];
  const texts = ((rows?.results ?? []) as TextRow[]).map(withFlags);
  const { revision = null, wholeHash = null } = list ?? {};
  return { revision, isWhole: wholeHash !== null, texts };
}

export interface ListedTool extends ToolText {
  readonly fault: string | null;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
}

export interface ToolPage {
  /** The place of the last tool of the page before; null before the first. */
  readonly before: readonly [firstSeenMs: number, name: string] | null;
  readonly limit: number;
}

/** Those seen first last of all; of one list by name. */
export async function findToolPage(
  db: D1Database,
  plugin: Plugin,
  { before, limit }: ToolPage,
): Promise<ListedTool[]> {
  const behind =
    before === null ? "" : "AND (t.first_seen_ms < ?6 OR (t.first_seen_ms = ?6 AND t.tool > ?7))";
  const { results } = await db
    .prepare(
      `SELECT t.tool AS name, t.hash, t.definition, t.fault, t.is_quarantined AS isQuarantined,
         t.is_gone AS isGone, t.first_seen_ms AS firstSeenMs,
         CASE WHEN t.is_gone = 1 THEN t.last_seen_ms ELSE max(t.last_seen_ms,
           (SELECT l.seen_ms FROM ${LIST})) END AS lastSeenMs
       FROM ${TOOLS} ${behind} ORDER BY t.first_seen_ms DESC, t.tool LIMIT ?5`,
    )
    .bind(...keyOf(plugin), limit, ...(before ?? []))
    .all<Omit<ListedTool, "isQuarantined" | "isGone"> & TextRow>();
  return results.map(withFlags);
}

export type ToolPin = Pick<ListedTool, "hash" | "fault" | "isQuarantined" | "isGone">;

export async function findPin(
  db: D1Database,
  plugin: Plugin,
  tool: string,
): Promise<ToolPin | null> {
  const row = await db
    .prepare(
      `SELECT t.hash, t.fault, t.is_quarantined AS isQuarantined, t.is_gone AS isGone
       FROM ${TOOLS} AND t.tool = ?5`,
    )
    .bind(...keyOf(plugin), tool)
    .first<Omit<ToolPin, "isQuarantined" | "isGone"> & TextRow>();
  return row === null ? null : withFlags(row);
}

const ACCEPT = `UPDATE plugin_tools AS t SET is_quarantined = 0
  WHERE t.org = ?1 AND t.workspace = ?2 AND t.plugin = ?3 AND t.tool = ?5 AND t.hash = ?6
    AND t.is_quarantined = 1 AND t.fault IS NULL AND EXISTS (SELECT 1 FROM ${LIST})
    AND EXISTS (SELECT 1 FROM orgs WHERE org = ?1 AND generation = ?7 AND state = 'active')`;

/** Right behind the deed: what it recorded is in the transaction, or neither is. */
const RECORD = `INSERT INTO plugin_entries (org, id, action, outcome, actor, target, workspace, details,
    request_id, occurred_at_ms)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 WHERE changes() > 0`;

/** Another list may be decided on what is accepted now; and the next change is told at once. */
const REVISE = `UPDATE plugin_lists AS l SET revision = ?5, told_ms = 0
  WHERE l.org = ?1 AND l.workspace = ?2 AND l.plugin = ?3 AND l.registration = ?4
    AND EXISTS (SELECT 1 FROM plugin_tools AS t WHERE t.org = ?1 AND t.workspace = ?2
      AND t.plugin = ?3 AND t.tool = ?6 AND t.hash = ?7 AND t.is_quarantined = 0)`;

/** False if the tool is not quarantined, or not with that definition any more. */
export async function acceptPin(
  db: D1Database,
  org: ShardedOrg,
  plugin: Plugin,
  { tool, hash, entry }: { tool: string; hash: string; entry: PluginEntry | null },
): Promise<boolean> {
  const key = keyOf(plugin);
  const accept = db.prepare(ACCEPT).bind(...key, tool, hash, org.generation);
  const recorded = entry === null ? [] : [recordEntry(db, org.org, entry)];
  const revise = db.prepare(REVISE).bind(...key, crypto.randomUUID(), tool, hash);
  const [accepted] = await db.batch([accept, ...recorded, revise]);
  return (accepted?.meta.changes ?? 0) > 0;
}

function recordEntry(db: D1Database, org: string, entry: PluginEntry): D1PreparedStatement {
  const { id, action, outcome, actor, target, workspace, details, requestId } = entry;
  const said = [action, outcome, actor, target, workspace, JSON.stringify(details), requestId];
  return db.prepare(RECORD).bind(org, id, ...said, entry.occurredAtMs);
}

function withFlags<Row extends { isQuarantined: 0 | 1; isGone: 0 | 1 }>(
  row: Row,
): Omit<Row, "isQuarantined" | "isGone"> & { isQuarantined: boolean; isGone: boolean } {
  return { ...row, isQuarantined: row.isQuarantined === 1, isGone: row.isGone === 1 };
}
