/** Reads rollups, newest window first, for grouping (src/calls/figures/rollup-groups.ts). */
import type { Granularity } from "#calls/figures/metrics-snapshot.ts";
import type { RollupRow } from "#calls/figures/rollup-groups.ts";
import { OUTCOMES } from "#calls/outcome.ts";

export interface RollupFilter {
  workspace?: string | undefined;
  plugin?: string | undefined;
  tool?: string | undefined;
}

/** Windows that start in [from, to), as numbers of hours or days since the epoch. */
export interface WindowRange {
  from: number;
  to: number;
}

const TABLES = { hour: "rollups_hourly", day: "rollups_daily" } as const;

/** Matching series of the org; a null filter matches all. */
const MATCHING_SERIES = `SELECT series, workspace, plugin, tool FROM series WHERE org = ?1
  AND (?2 IS NULL OR workspace = ?2) AND (?3 IS NULL OR plugin = ?3) AND (?4 IS NULL OR tool = ?4)`;

const COLUMNS = (
  window: Granularity,
) => `r.${window} AS windowNumber, s.workspace, s.plugin, s.tool,
  ${OUTCOMES.map((outcome) => `r.${outcome}`).join(", ")},
  r.sum_us AS sumUs, r.min_us AS minUs, r.max_us AS maxUs, json(r.histogram) AS histogram`;

/**
 * Without a filter every row of the range is wanted: one scan of its key, and one look-up of the series by
 * its own for each row.
 */
const scanWindows = (window: Granularity) => `SELECT ${COLUMNS(window)}
  FROM ${TABLES[window]} r CROSS JOIN series s ON s.org = ?1 AND s.series = r.series
  WHERE r.org = ?1 AND r.${window} >= ?2 AND r.${window} < ?3
  ORDER BY r.${window} DESC`;

/**
 * With a filter few rows are wanted: a look-up per window and matching series, instead of an hour of every
 * tool.
 */
const lookUpWindows = (window: Granularity) => `WITH RECURSIVE
  w(n) AS (SELECT ?6 - 1 WHERE ?6 > ?5 UNION ALL SELECT n - 1 FROM w WHERE n > ?5),
  s AS MATERIALIZED (${MATCHING_SERIES})
  SELECT ${COLUMNS(window)} FROM w CROSS JOIN s CROSS JOIN ${TABLES[window]} r
    ON r.org = ?1 AND r.${window} = w.n AND r.series = s.series`;

const selectExtent = (window: Granularity) => `SELECT
  (SELECT min(${window}) FROM ${TABLES[window]} WHERE org = ?1) AS oldestWindow,
  (SELECT count(*) FROM (${MATCHING_SERIES})) AS series`;

export interface RollupExtent {
  oldestWindow: number;
  /** Series that match the filter. */
  series: number;
}

/** How far back rollups go, and how many rows a window may have: what a read will cost. */
export async function findRollupExtent(
  db: D1Database,
  org: string,
  granularity: Granularity,
  filter: RollupFilter,
): Promise<RollupExtent> {
  const { workspace = null, plugin = null, tool = null } = filter;
  const extent = await db
    .prepare(selectExtent(granularity))
    .bind(org, workspace, plugin, tool)
    .first<{ oldestWindow: number | null; series: number }>();
  const oldestWindow = extent?.oldestWindow ?? Number.MAX_SAFE_INTEGER;
  return { oldestWindow, series: extent?.series ?? 0 };
}

type StoredRollup = Record<string, string | number | null>;

export async function findRollupRows(
  db: D1Database,
  org: string,
  granularity: Granularity,
  range: WindowRange,
  filter: RollupFilter,
): Promise<RollupRow[]> {
  const { workspace = null, plugin = null, tool = null } = filter;
  const isFiltered = workspace !== null || plugin !== null || tool !== null;
  const { results } = await (isFiltered
    ? db
        .prepare(lookUpWindows(granularity))
        .bind(org, workspace, plugin, tool, range.from, range.to)
    : db.prepare(scanWindows(granularity)).bind(org, range.from, range.to)
  ).all<StoredRollup>();
  return results.map((row) => ({
    ...(row as unknown as RollupRow),
    outcomes: OUTCOMES.map((outcome) => row[outcome] as number),
  }));
}
