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

/** Of `durations`, the one of the nearest rank: a group's are one text, for a row each takes three times as long. */
const P95_US = `(SELECT us FROM (
    SELECT j.value AS us, row_number() OVER (ORDER BY j.value) AS place, count(*) OVER () AS durations_count
    FROM json_each(durations) j) WHERE place = (durations_count * 95 + 99) / 100)`;

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
  // Only the longest are looked for among all: of the others, latencies are found of those that are told.
  const first = metric === "p95" ? "" : `ORDER BY ${metric} DESC, value LIMIT ${limit}`;
  const sql = `WITH ${covered},
    grouped AS (
      SELECT value, count(*) AS calls, sum(is_error) AS errors,
        json_group_array(duration_us) FILTER (WHERE is_timed) AS durations
      FROM matched WHERE ${VALUES[by]} GROUP BY value ${first})
    SELECT NULL AS value, count(*) AS calls, coalesce(sum(is_error), 0) AS errors, NULL AS p95Us,
      ${SCANNED_TO_MS} AS scannedToMs FROM matched
    UNION ALL
    SELECT * FROM (SELECT value, calls, errors, ${P95_US} AS p95Us, NULL FROM grouped
      WHERE ${RANKS[metric]} > 0 ORDER BY ${RANKS[metric]} DESC, value LIMIT ${limit})`;
  type ReadRow = SampleTopRow & { scannedToMs: number | null };
  const { results } = await values.bindTo(db.prepare(sql)).all<ReadRow>();
  const [total, ...rows] = results as [ReadRow, ...ReadRow[]];
  const { calls, errors, scannedToMs } = total;
  return {
    total: { calls, errors },
    rows: rows.map(({ scannedToMs: _, ...row }) => row),
    scannedToMs,
  };
}

const RANKS: Record<TopMetric, string> = { calls: "calls", errors: "errors", p95: "p95Us" };
