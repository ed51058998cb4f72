/**
 * What a plugin's tools were last decided on (migrations/shard/0017_plugin_tools.sql). A change is decided on one
 * snapshot and names its revision: of any number of isolates that learn at once one writes, and the others decide anew.
 */
import type { PluginEntry, UntoldChanges } from "#gateway/plugins/drift-entries.ts";
import type { Plugin } from "#gateway/plugins/plugin.ts";
import type { ListFault } from "#gateway/plugins/tool-definition.ts";
import type { LearntTool, StoredTool } from "#gateway/plugins/tool-drift.ts";
import type { ShardedOrg } from "#orgs/store/shard-orgs.ts";
import { jsonParameters } from "#platform/d1/json-parameter.ts";

export type ListKey = Pick<Plugin, "org" | "workspace" | "plugin">;

export interface StoredList {
  readonly registration: string;
  readonly revision: string;
  /** Null: no whole list was ever learnt. Empty: what was learnt since is of a part of one. */
  readonly wholeHash: string | null;
  readonly definitionBytes: number;
  readonly seenMs: number;
  readonly changedMs: number;
  readonly faults: Readonly<Partial<Record<ListFault, number>>>;
  readonly untold: UntoldChanges | null;
  readonly toldMs: number;
}

type ListRow = Omit<StoredList, "faults" | "untold"> & { faults: string; untold: string | null };

const OF_PLUGIN = "org = ?1 AND workspace = ?2 AND plugin = ?3";

const LIST_COLUMNS = `registration, revision, whole_hash AS wholeHash, definition_bytes AS definitionBytes,
    seen_ms AS seenMs, changed_ms AS changedMs, faults, untold, told_ms AS toldMs`;
const SELECT_LIST = `SELECT ${LIST_COLUMNS} FROM plugin_lists WHERE ${OF_PLUGIN}`;

const SELECT_TOOLS = `SELECT tool AS name, hash, octet_length(definition) AS bytes,
    is_quarantined AS isQuarantined, is_gone AS isGone, first_seen_ms AS firstSeenMs,
    last_seen_ms AS lastSeenMs
  FROM plugin_tools WHERE ${OF_PLUGIN}`;

type ToolRow = Omit<StoredTool, "isQuarantined" | "isGone"> & {
  isQuarantined: 0 | 1;
  isGone: 0 | 1;
};

export function bindKey({ org, workspace, plugin }: ListKey): [string, string, string] {
  return [org, workspace, plugin];
}

export async function findList(db: D1Database, key: ListKey): Promise<StoredList | null> {
  const row = await db
    .prepare(SELECT_LIST)
    .bind(...bindKey(key))
    .first<ListRow>();
  return row === null ? null : listOfRow(row);
}

/** Of one point in time. */
export async function findListWithTools(
  db: D1Database,
  key: ListKey,
): Promise<{ list: StoredList | null; tools: Map<string, StoredTool> }> {
  const bound = bindKey(key);
  const [lists, rows] = await db.batch<unknown>([
    db.prepare(SELECT_LIST).bind(...bound),
    db.prepare(SELECT_TOOLS).bind(...bound),
  ]);
  const [row] = (lists?.results ?? []) as ListRow[];
  const tools = ((rows?.results ?? []) as ToolRow[]).map(toolOfRow);
  return {
    list: row === undefined ? null : listOfRow(row),
    tools: new Map(tools.map((tool) => [tool.name, tool])),
  };
}

/** Plugins of the org whose changes are due to be told. */
export async function findDueLists(
  db: D1Database,
  org: string,
  { dueBeforeMs, limit }: { dueBeforeMs: number; limit: number },
): Promise<{ key: ListKey; list: StoredList }[]> {
  const { results } = await db
    .prepare(
      `SELECT workspace, plugin, ${LIST_COLUMNS} FROM plugin_lists
       WHERE org = ?1 AND untold IS NOT NULL AND told_ms <= ?2 LIMIT ?3`,
    )
    .bind(org, dueBeforeMs, limit)
    .all<ListRow & { workspace: string; plugin: string }>();
  return results.map(({ workspace, plugin, ...row }) => ({
    key: { org, workspace, plugin },
    list: listOfRow(row),
  }));
}

export interface ListChange {
  /** As it was read; null: there was none. */
  readonly before: StoredList | null;
  readonly after: StoredList;
  readonly written: readonly LearntTool[];
  readonly gone: readonly string[];
  readonly forgotten: readonly string[];
  readonly entries: readonly PluginEntry[];
}

/** Where the shard is full for the org, no further plugin's list is taken; one that is known is kept true. */
const TAKES_LISTS = `EXISTS (SELECT 1 FROM orgs WHERE org = ?1 AND generation = ?4 AND state = 'active'
    AND (refused_since_ms IS NULL OR EXISTS (SELECT 1 FROM plugin_lists WHERE ${OF_PLUGIN})))`;

const PUT_LIST = `INSERT INTO plugin_lists (org, workspace, plugin, revision, registration, whole_hash,
    definition_bytes, seen_ms, changed_ms, faults, untold, told_ms)
  SELECT ?1, ?2, ?3, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14 WHERE ${TAKES_LISTS}
  ON CONFLICT DO UPDATE SET revision = excluded.revision, registration = excluded.registration,
    whole_hash = excluded.whole_hash, definition_bytes = excluded.definition_bytes,
    seen_ms = excluded.seen_ms, changed_ms = excluded.changed_ms, faults = excluded.faults,
    untold = excluded.untold, told_ms = excluded.told_ms
  WHERE plugin_lists.revision = ?5`;

/** Whatever follows in the transaction is written if the list was: ?4 is a revision that nobody else makes. */
const IS_OURS = `EXISTS (SELECT 1 FROM plugin_lists WHERE ${OF_PLUGIN} AND revision = ?4)`;

const PUT_TOOLS = `INSERT INTO plugin_tools (org, workspace, plugin, tool, hash, definition, fault,
    is_quarantined, is_gone, first_seen_ms, last_seen_ms)
  SELECT ?1, ?2, ?3, s.value ->> 0, s.value ->> 1, s.value ->> 2, s.value ->> 3, s.value ->> 4, 0, ?6, ?6
  FROM json_each(?5) s WHERE ${IS_OURS}
  ON CONFLICT DO UPDATE SET hash = excluded.hash, definition = excluded.definition,
    fault = excluded.fault, is_quarantined = excluded.is_quarantined, is_gone = 0,
    last_seen_ms = excluded.last_seen_ms`;

const NAMED = "tool IN (SELECT value FROM json_each(?5))";
const MARK_GONE = `UPDATE plugin_tools SET is_gone = 1, last_seen_ms = ?6
  WHERE ${OF_PLUGIN} AND ${NAMED} AND ${IS_OURS}`;
const FORGET_TOOLS = `DELETE FROM plugin_tools WHERE ${OF_PLUGIN} AND ${NAMED} AND ${IS_OURS}`;
const FORGET_ALL_TOOLS = `DELETE FROM plugin_tools WHERE ${OF_PLUGIN} AND ${IS_OURS}`;

const PUT_ENTRIES = `INSERT INTO plugin_entries (org, id, action, outcome, actor, target, workspace,
    details, request_id, occurred_at_ms)
  SELECT ?1, s.value ->> 'id', s.value ->> 'action', s.value ->> 'outcome', s.value ->> 'actor',
    s.value ->> 'target', ?2, s.value ->> 'details', s.value ->> 'requestId',
    s.value ->> 'occurredAtMs'
  FROM json_each(?5) s WHERE ${IS_OURS}`;

/** False if the list is no longer as the change was decided on, or is not taken: nothing was written then. */
export async function changeList(
  db: D1Database,
  { generation }: Pick<ShardedOrg, "generation">,
  key: ListKey,
  change: ListChange,
): Promise<boolean> {
  const { before, after } = change;
  const bound = bindKey(key);
  const ours = [...bound, after.revision] as const;
  const put = db
    .prepare(PUT_LIST)
    .bind(...bound, generation, before?.revision ?? "", after.revision, ...listValues(after));
  const statements = [put];
  // What another registration of the name left behind.
  const isAnew = before !== null && before.registration !== after.registration;
  if (isAnew) statements.push(db.prepare(FORGET_ALL_TOOLS).bind(...ours));
  for (const rows of jsonParameters(change.written.map(writtenRow))) {
    statements.push(db.prepare(PUT_TOOLS).bind(...ours, rows, after.changedMs));
  }
  if (change.gone.length > 0) {
    const names = JSON.stringify(change.gone);
    statements.push(db.prepare(MARK_GONE).bind(...ours, names, before?.seenMs ?? after.seenMs));
  }
  if (change.forgotten.length > 0) {
    statements.push(db.prepare(FORGET_TOOLS).bind(...ours, JSON.stringify(change.forgotten)));
  }
  if (change.entries.length > 0) {
    statements.push(db.prepare(PUT_ENTRIES).bind(...ours, entryRows(change.entries)));
  }
  const [first] = await db.batch(statements);
  return (first?.meta.changes ?? 0) > 0;
}

function entryRows(entries: readonly PluginEntry[]): string {
  return JSON.stringify(
    entries.map((entry) => ({ ...entry, details: JSON.stringify(entry.details) })),
  );
}

function listValues(list: StoredList): (string | number | null)[] {
  const { registration, wholeHash, definitionBytes, seenMs, changedMs, faults, untold } = list;
  const told = untold === null ? null : JSON.stringify(untold);
  const values = [registration, wholeHash, definitionBytes, seenMs, changedMs];
  return [...values, JSON.stringify(faults), told, list.toldMs];
}

function writtenRow({ name, hash, definition, fault, isQuarantined }: LearntTool): string {
  return JSON.stringify([name, hash, definition, fault, isQuarantined ? 1 : 0]);
}

/** That the list is as it was, an hour after that was last written. */
export async function markListSeen(
  db: D1Database,
  key: ListKey,
  { revision, nowMs }: { revision: string; nowMs: number },
): Promise<void> {
  await db
    .prepare(
      `UPDATE plugin_lists SET seen_ms = max(seen_ms, ?5) WHERE ${OF_PLUGIN} AND revision = ?4`,
    )
    .bind(...bindKey(key), revision, nowMs)
    .run();
}

/** All that a plugin's server said of itself, but for entries: those are the ledger's. */
export async function deletePluginRows(db: D1Database, key: Plugin): Promise<void> {
  const bound = [...bindKey(key), key.registration] as const;
  const isIts = `EXISTS (SELECT 1 FROM plugin_lists
    WHERE ${OF_PLUGIN} AND registration <= ?4)`;
  await db.batch([
    db.prepare(`DELETE FROM plugin_tools WHERE ${OF_PLUGIN} AND ${isIts}`).bind(...bound),
    db.prepare(`DELETE FROM plugin_lists WHERE ${OF_PLUGIN} AND registration <= ?4`).bind(...bound),
    db
      .prepare(`DELETE FROM plugin_health WHERE ${OF_PLUGIN} AND registration <= ?4`)
      .bind(...bound),
  ]);
}

function listOfRow({ faults, untold, ...row }: ListRow): StoredList {
  return {
    ...row,
    faults: JSON.parse(faults),
    untold: untold === null ? null : JSON.parse(untold),
  };
}

function toolOfRow({ isQuarantined, isGone, ...row }: ToolRow): StoredTool {
  return { ...row, isQuarantined: isQuarantined === 1, isGone: isGone === 1 };
}
