/** Which rows of activity hold what a filter names, and whose they are. */
import type { NameFilter } from "#calls/activity/activity-filter.ts";
import type { ActivityLabels, Grouping } from "#calls/activity/activity-question.ts";
import type { RowsAsked } from "./activity-rows.ts";

export interface NamedRows {
  rows: RowsAsked;
  /** Labels by number; of all series they are read only for those that are looked at. */
  labels: ReadonlyMap<number, ActivityLabels>;
}

/** What the shard's row of the org tells a reader of activity, and what is not counted yet. */
export interface ActivityExtent {
  activityFromMs: number;
  /** Samples of before, and their activity, are gone. */
  prunedBeforeMs: number;
  seriesNext: number;
  pluginsNext: number;
  /** When the oldest of what is not counted arrived. */
  oldestUncountedMs: number | null;
}

const SELECT_EXTENT = `SELECT activity_from_ms AS activityFromMs, pruned_before_ms AS prunedBeforeMs, series_next AS seriesNext,
    (SELECT coalesce(max(number) + 1, 0) FROM activity_plugins WHERE org = ?1) AS pluginsNext,
    (SELECT min(received_ms) FROM (
      SELECT * FROM (SELECT received_ms FROM arrivals WHERE org = ?1 AND id > ?2 ORDER BY id LIMIT 1)
      UNION ALL
      SELECT * FROM (SELECT received_ms FROM waiting_calls WHERE org = ?1 ORDER BY id LIMIT 1)
    )) AS oldestUncountedMs
  FROM orgs WHERE org = ?1`;

const PLUGIN_COLUMNS = "number, workspace, plugin";
const SELECT_PLUGINS = `SELECT ${PLUGIN_COLUMNS} FROM activity_plugins WHERE org = ?1
  AND (?2 IS NULL OR workspace = ?2)`;
const SELECT_PLUGINS_NAMED = `SELECT ${PLUGIN_COLUMNS} FROM activity_plugins WHERE org = ?1 AND plugin = ?3
  AND (?2 IS NULL OR workspace = ?2)`;

const SERIES_COLUMNS = "s.series AS number, s.workspace, s.plugin, s.tool";
const SELECT_TOOL = `SELECT ${SERIES_COLUMNS} FROM series s INDEXED BY series_by_tool
  WHERE s.org = ?1 AND s.tool = ?4 AND (?2 IS NULL OR s.workspace = ?2) AND (?3 IS NULL OR s.plugin = ?3)`;
const SELECT_TOOLS_OF_PLUGIN = `SELECT ${SERIES_COLUMNS} FROM activity_plugins p CROSS JOIN series s
    INDEXED BY series_by_name ON s.org = ?1 AND s.workspace = p.workspace AND s.plugin = p.plugin
  WHERE p.org = ?1 AND p.plugin = ?3 AND (?2 IS NULL OR p.workspace = ?2)`;
const SELECT_TOOLS_OF_WORKSPACE = `SELECT ${SERIES_COLUMNS} FROM series s INDEXED BY series_by_name
  WHERE s.org = ?1 AND s.workspace = ?2`;

const SELECT_SERIES = `SELECT ${SERIES_COLUMNS} FROM json_each(?2) j CROSS JOIN series s
    ON s.org = ?1 AND s.series = j.value`;

interface NumberedName {
  number: number;
  workspace: string;
  plugin: string;
  tool?: string;
}

/** Arrivals up to `lastPendingId` are counted beside what is stored. */
export async function findActivityExtent(
  db: D1Database,
  org: string,
  lastPendingId: string,
): Promise<ActivityExtent | null> {
  return db.prepare(SELECT_EXTENT).bind(org, lastPendingId).first<ActivityExtent>();
}

/** Null where a name is given that nothing is counted under: then only samples know of it. */
export async function findNamedRows(
  db: D1Database,
  org: string,
  { workspace, plugin, tool }: NameFilter,
  by: Grouping | null,
  { seriesNext, pluginsNext }: ActivityExtent,
): Promise<NamedRows | null> {
  const isNamed = [workspace, plugin, tool].some((name) => name !== undefined);
  const all = isNamed ? null : allRows(by, seriesNext);
  if (all !== null) return { rows: all, labels: new Map() };
  const isOfSeries = tool !== undefined || by === "tool";
  const sql = isOfSeries ? seriesSql(plugin, tool) : pluginSql(plugin);
  const { results } = await bindUsed(db, sql, [org, workspace, plugin, tool]).all<NumberedName>();
  if (isNamed && results.length === 0) return null;
  const numbers = isNamed ? results.map(({ number }) => number) : null;
  const labels = new Map(results.map(({ number, ...ofNumber }) => [number, ofNumber]));
  const rows: RowsAsked = isOfSeries
    ? { column: "series", numbers, next: seriesNext }
    : { column: "plugins", numbers, next: pluginsNext };
  return { rows, labels };
}

/** Of what needs no names. */
function allRows(by: Grouping | null, seriesNext: number): RowsAsked | null {
  if (by === null) return { column: "totals" };
  return by === "tool" ? { column: "series", numbers: null, next: seriesNext } : null;
}

function seriesSql(plugin: string | undefined, tool: string | undefined): string {
  if (tool !== undefined) return SELECT_TOOL;
  return plugin === undefined ? SELECT_TOOLS_OF_WORKSPACE : SELECT_TOOLS_OF_PLUGIN;
}

function pluginSql(plugin: string | undefined): string {
  return plugin === undefined ? SELECT_PLUGINS : SELECT_PLUGINS_NAMED;
}

/** D1 refuses values that a statement has no place for. */
function bindUsed(
  db: D1Database,
  sql: string,
  values: readonly (string | undefined)[],
): D1PreparedStatement {
  const used = values.slice(0, Math.max(...[...sql.matchAll(/\?(\d)/g)].map(([, n]) => Number(n))));
  return db.prepare(sql).bind(...used.map((value) => value ?? null));
}

export async function findSeriesLabels(
  db: D1Database,
  org: string,
  series: readonly number[],
): Promise<Map<number, ActivityLabels>> {
  if (series.length === 0) return new Map();
  const { results } = await db
    .prepare(SELECT_SERIES)
    .bind(org, JSON.stringify(series))
    .all<NumberedName>();
  return new Map(results.map(({ number, ...labels }) => [number, labels]));
}
