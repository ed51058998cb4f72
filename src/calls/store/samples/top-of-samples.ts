/** Counts samples by one of their columns, and tells the values that have most. */
import type { TopMetric } from "#calls/activity/top-activity.ts";
import type { RangedFilter } from "#calls/samples/counted-samples.ts";
import { BoundValues } from "#platform/d1/bound-values.ts";
import { coveredSamples, SCANNED_TO_MS } from "./covered-samples.ts";

export const SAMPLE_TOPS = ["actor", "instance", "error_code"] as const;
export type SampleTop = (typeof SAMPLE_TOPS)[number];

export interface SampleTopQuery {
  filter: RangedFilter;
  by: SampleTop;
  metric: TopMetric;
  limit: number;
}

export interface SampleTopRow {
  /** "" for calls without one. */
  value: string;
  calls: number;
  errors: number;
  /** Null of replays, which have no latency. */
  p95Us: number | null;
}

export interface TopOfSamples {
  total: { calls: number; errors: number };
  rows: SampleTopRow[];
  scannedToMs: number | null;
}

/** Most calls have no error code, and that is none. */
const VALUES: Record<SampleTop, string> = {
  actor: "true",
  instance: "true",
  error_code: "value <> ''",
};

const COLUMNS = `duration_us, outcome <> 'idempotent_replay' AS is_timed,
  outcome NOT IN ('ok', 'idempotent_replay') AS is_error`;

export async function findTopOfSamples(
  db: D1Database,
  org: string,
  { filter, by, metric, limit }: SampleTopQuery,
): Promise<TopOfSamples> {
  const values = new BoundValues();
  const covered = coveredSamples(
    values,
    values.text(org),
    filter,
    `coalesce(${by}, '') AS value, ${COLUMNS}`,
  );
  const sql = `WITH ${covered},
    grouped AS MATERIALIZED (
      SELECT value, count(*) AS calls, sum(is_error) AS errors,
        group_concat(duration_us) FILTER (WHERE is_timed) AS durations
      FROM matched GROUP BY value)
    SELECT NULL AS value, coalesce(sum(calls), 0) AS calls, coalesce(sum(errors), 0) AS errors, NULL AS durations,
      ${SCANNED_TO_MS} AS scannedToMs FROM grouped
    UNION ALL
    SELECT * FROM (SELECT value, calls, errors, durations, NULL FROM grouped
      WHERE ${VALUES[by]} ${RANKED[metric](limit)})`;
  const { results } = await values.bindTo(db.prepare(sql)).all<ReadRow>();
  const [total, ...groups] = results as [ReadRow, ...ReadRow[]];
  const { calls, errors, scannedToMs } = total;
  const rows = groups.map(sampleTopRow);
  const ranked = metric === "p95" ? longestFirst(rows).slice(0, limit) : rows;
  return { total: { calls, errors }, rows: ranked, scannedToMs };
}

type ReadRow = Omit<SampleTopRow, "p95Us"> & {
  /** All of the group's as one text, for a row each takes three times as long. */
  durations: string | null;
  scannedToMs: number | null;
};

/** SQLite has no quantiles: the longest are looked for among all, where sorting takes a tenth of the time. */
const RANKED: Record<TopMetric, (limit: number) => string> = {
  calls: (limit) => `ORDER BY calls DESC, value LIMIT ${limit}`,
  errors: (limit) => `AND errors > 0 ORDER BY errors DESC, value LIMIT ${limit}`,
  p95: () => "AND durations IS NOT NULL ORDER BY value",
};

function sampleTopRow({ value, calls, errors, durations }: ReadRow): SampleTopRow {
  return { value, calls, errors, p95Us: durations === null ? null : p95Of(durations) };
}

/** The one of the nearest rank. */
function p95Of(durations: string): number {
  const sorted = Float64Array.from(JSON.parse(`[${durations}]`) as number[]).sort();
  return sorted[Math.floor((sorted.length * 95 + 99) / 100) - 1]!;
}

/** Those of the same length stay by value. */
function longestFirst(rows: readonly SampleTopRow[]): SampleTopRow[] {
  return rows.filter(({ p95Us }) => p95Us! > 0).sort((a, b) => b.p95Us! - a.p95Us!);
}
