/** Reads rollups, newest window first, for grouping (src/calls/figures/rollup-groups.ts). */
import type { Granularity } from "#calls/figures/metrics-snapshot.ts";
import type { GroupLabel, RollupRow } from "#calls/figures/rollup-groups.ts";
import { OUTCOMES } from "#calls/outcome.ts";
import { nextTurn } from "#platform/slices.ts";

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

/**
 * Rows that one statement reads: 2 MB at a KB a histogram, and some 25 ms of the shard's one thread and of the
 * isolate's, for which the other orgs wait.
 */
export const STATEMENT_ROWS_MAX = 2_000;

const TABLES = { hour: "rollups_hourly", day: "rollups_daily" } as const;

/** Matching series of the org; a null filter matches all. */
const MATCHING_SERIES = `SELECT series, workspace, plugin, tool FROM series WHERE org = ?1
  AND (?2 IS NULL OR workspace = ?2) AND (?3 IS NULL OR plugin = ?3) AND (?4 IS NULL OR tool = ?4)`;

const columns = (
  window: Granularity,
  labels: readonly GroupLabel[],
) => `r.${window} AS windowNumber, r.series,
  ${[...labels.map((label) => `s.${label}`), ...OUTCOMES.map((outcome) => `r.${outcome}`)].join(", ")},
  r.sum_us AS sumUs, r.min_us AS minUs, r.max_us AS maxUs, json(r.histogram) AS histogram`;

/**
 * Where many rows of the range are wanted: a part of a scan of its key, behind the row that the part before ended
 * with, and one look-up of the series by its own for each row.
 */
const scanWindows = (
  window: Granularity,
  labels: readonly GroupLabel[],
) => `SELECT ${columns(window, labels)}
  FROM ${TABLES[window]} r ${labels.length === 0 ? "" : "CROSS JOIN series s ON s.org = ?1 AND s.series = r.series"}
  WHERE r.org = ?1 AND (r.${window}, r.series) > (?2, ?3) AND r.${window} < ?4
  ORDER BY r.${window}, r.series LIMIT ${STATEMENT_ROWS_MAX}`;

/**
 * With a filter that few series meet: a look-up per window and matching series, instead of an hour of every
 * tool.
 */
const lookUpWindows = (window: Granularity, labels: readonly GroupLabel[]) => `WITH RECURSIVE
  w(n) AS (SELECT ?6 - 1 WHERE ?6 > ?5 UNION ALL SELECT n - 1 FROM w WHERE n > ?5),
  s AS MATERIALIZED (${MATCHING_SERIES})
  SELECT ${columns(window, labels)} FROM w CROSS JOIN s CROSS JOIN ${TABLES[window]} r
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

/** What is read of windows. */
export interface RollupsAsked {
  org: string;
  granularity: Granularity;
  filter: RollupFilter;
  /** Labels that the rows are told apart by: each has up to 128 characters, a row. */
  groupBy: readonly GroupLabel[];
}

/** By look-ups, where a window has so many series that match. */
export function isLookedUp(filter: RollupFilter, { series }: RollupExtent): boolean {
  return series <= STATEMENT_ROWS_MAX && FILTERED.some((label) => filter[label] !== undefined);
}

const FILTERED = ["workspace", "plugin", "tool"] as const satisfies readonly GroupLabel[];

/** Of a range of at most `STATEMENT_ROWS_MAX` windows × series. */
export async function lookUpRollups(
  db: D1Database,
  { org, granularity, filter, groupBy }: RollupsAsked,
  range: WindowRange,
): Promise<RollupRow[]> {
  const { workspace = null, plugin = null, tool = null } = filter;
  const { results } = await db
    .prepare(lookUpWindows(granularity, groupBy))
    .bind(org, workspace, plugin, tool, range.from, range.to)
    .all<StoredRollup>();
  return results.map(rollupRow);
}

/** In parts: others have their turn between two statements. */
export async function scanRollups(
  db: D1Database,
  { org, granularity, filter, groupBy }: RollupsAsked,
  range: WindowRange,
): Promise<RollupRow[]> {
  const filtered = FILTERED.filter((label) => filter[label] !== undefined);
  const labels = FILTERED.filter((label) => groupBy.includes(label) || filtered.includes(label));
  const statement = db.prepare(scanWindows(granularity, labels));
  const rows: RollupRow[] = [];
  let [window, series] = [range.from, -1];
  for (;;) {
    const { results } = await statement.bind(org, window, series, range.to).all<StoredRollup>();
    const wanted = results.filter((row) => filtered.every((label) => row[label] === filter[label]));
    for (const row of wanted) rows.push(rollupRow(row));
    const last = results.at(-1);
    if (last === undefined || results.length < STATEMENT_ROWS_MAX) return rows;
    [window, series] = [last["windowNumber"] as number, last["series"] as number];
    await nextTurn();
  }
}

function rollupRow(row: StoredRollup): RollupRow {
  return {
    ...(row as unknown as RollupRow),
    outcomes: OUTCOMES.map((outcome) => row[outcome] as number),
  };
}
