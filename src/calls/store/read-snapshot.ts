/**
 * Reads a scrape's figures in one batch: D1 runs it as one transaction, so no family is ahead of another. What is pending
 * is added to them; what arrived since is not counted, nor is what waits for its server's call.
 */

import { type FigurePlace, figureSources } from "#calls/figures/figure-sources.ts";
import type {
  Granularity,
  InstanceTotals,
  MetricsSnapshot,
  SeriesTotals,
  SeriesWindow,
  SnapshotWants,
} from "#calls/figures/metrics-snapshot.ts";
import type { Pending } from "#calls/figures/pending.ts";
import {
  withPendingInstances,
  withPendingSeries,
  withPendingWindows,
} from "#calls/figures/pending-totals.ts";
import { OUTCOMES } from "#calls/outcome.ts";
import { INSTANCE_IDLE_MS_MAX, SERIES_IDLE_MS_MAX } from "#calls/series.ts";
import { CLASSIC_COUNTS } from "#calls/store/fold/classic-columns.ts";
import { shardDatabase } from "#platform/shards.ts";
import { HOUR_MS, HOURS_PER_DAY } from "#platform/time.ts";

/** One statement for both, for a push of metrics may send no more than it does. ?2: the last arrival that is pending. */
const SELECT_STATE = `SELECT
    (SELECT min(received_ms) FROM (
      SELECT * FROM (SELECT received_ms FROM arrivals WHERE org = ?1 AND id > ?2 ORDER BY id LIMIT 1)
      UNION ALL
      SELECT * FROM (SELECT received_ms FROM waiting_calls WHERE org = ?1 ORDER BY id LIMIT 1))) AS receivedMs,
    (SELECT is_settled FROM clock) AS isSettled`;

const selectSeries = ({
  native,
  exemplars,
}: SnapshotWants) => `SELECT series, workspace, plugin, tool,
    ${OUTCOMES.join(", ")}, sum_us, created_ms, ${CLASSIC_COUNTS} AS classic,
    ${native ? "json(histogram)" : "NULL"} AS histogram,
    ${exemplars ? "json(exemplars)" : "NULL"} AS exemplars
  FROM series WHERE org = ?1 AND last_seen_ms > ?2 ORDER BY series`;

const SELECT_WINDOWS: Record<Granularity, string> = {
  hour: `SELECT series, min_us AS minUs, max_us AS maxUs, json(histogram) AS histogram FROM rollups_hourly
    WHERE org = ?1 AND hour IN (?2 - 1, ?2)`,
  day: `SELECT series, min_us AS minUs, max_us AS maxUs, json(histogram) AS histogram FROM rollups_daily
    WHERE org = ?1 AND day IN (?2 - 1, ?2)`,
};

const SELECT_INSTANCES = `SELECT instance, last_report_ms AS lastReportMs, dropped,
    has_departed AS hasDeparted, created_ms AS createdMs,
    lag_sum_us AS lagSumUs, json(lag_histogram) AS lagHistogram
  FROM instances WHERE org = ?1 AND last_report_ms > ?2 ORDER BY instance`;

type SeriesRow = Record<string, string | number | null>;

export async function readMetricsSnapshot(
  place: FigurePlace,
  wants: SnapshotWants,
  nowMs: number,
  pending: Pending,
): Promise<MetricsSnapshot> {
  const { env, org, shard } = place;
  const db = shardDatabase(env, shard);
  const hour = Math.floor(nowMs / HOUR_MS);
  const window = wants.granularity === "hour" ? hour : Math.floor(hour / HOURS_PER_DAY);
  const sources = figureSources();
  const statements = [
    db.prepare(SELECT_STATE).bind(org, pending.lastId),
    db.prepare(selectSeries(wants)).bind(org, nowMs - SERIES_IDLE_MS_MAX),
    ...sources.map(({ select }) => select(db, org)),
    ...(wants.windows ? [db.prepare(SELECT_WINDOWS[wants.granularity]).bind(org, window)] : []),
    ...(wants.instances
      ? [db.prepare(SELECT_INSTANCES).bind(org, nowMs - INSTANCE_IDLE_MS_MAX)]
      : []),
  ];
  const answers = await db.batch(statements);
  const results = answers.map((result) => result.results);
  const [[state], series, ...others] = results as [
    { receivedMs: number | null; isSettled: 0 | 1 | null }[],
    SeriesRow[],
    ...unknown[][],
  ];
  const ofSources = answers.slice(2, 2 + sources.length);
  const beside = await Promise.all(
    ofSources.map((answer, index) => sources[index]?.families(place, answer) ?? []),
  );
  return {
    org,
    nowMs,
    oldestUncountedMs: state?.receivedMs ?? null,
    isClockSettled: state?.isSettled == null ? null : state.isSettled === 1,
    series: withPendingSeries(series.map(seriesTotals), pending),
    windows: wants.windows
      ? withPendingWindows(others[sources.length] as SeriesWindow[], pending, wants.granularity, [
          window - 1,
          window,
        ])
      : [],
    instances: wants.instances
      ? withPendingInstances(others.at(-1) as InstanceTotals[], pending)
      : [],
    beside: beside.flat(),
  };
}

function seriesTotals(row: SeriesRow): SeriesTotals {
  return {
    series: row["series"] as number,
    workspace: row["workspace"] as string,
    plugin: row["plugin"] as string,
    tool: row["tool"] as string,
    outcomes: OUTCOMES.map((outcome) => row[outcome] as number),
    sumUs: row["sum_us"] as number,
    createdMs: row["created_ms"] as number | null,
    classic: JSON.parse(row["classic"] as string) as number[],
    histogram: row["histogram"] as string | null,
    exemplars: row["exemplars"] as string | null,
  };
}
