/**
 * The metric families of an org, made from one snapshot. Points are generated
 * while an exposition is written, so that an exposition of 10,000 tools is never held as objects.
 */

import { callsOf, errorsOf, OUTCOMES } from "#calls/outcome.ts";
import type { SeriesLimits } from "#calls/series.ts";
import {
  BucketCounts,
  bucketIndex,
  CLASSIC_BOUNDS_SECONDS,
  CLASSIC_BUCKETS,
  classicBucket,
  SCHEMA,
  ZERO_THRESHOLD_SECONDS,
} from "#formats/exponential-histogram.ts";
import {
  type Exemplar,
  type HistogramPoint,
  type LabelSet,
  labelSet,
  type MetricFamily,
  type NativeBuckets,
  type ScalarPoint,
  withLastLabel,
} from "#formats/exposition/metric-family.ts";
import { toldCreatedMs } from "./created-time.ts";
import type { InstanceTotals, MetricsSnapshot, SeriesTotals } from "./metrics-snapshot.ts";
import { seriesUseFamilies } from "./series-use.ts";
import { toolLatencyPoints } from "./tool-latency.ts";

export const FAMILY_NAMES = [
  "mcpg_tool_calls_total",
  "mcpg_tool_errors_total",
  "mcpg_tool_latency_ms",
  "mcpg_tool_invocations_total",
  "mcpg_tool_duration_seconds",
  "mcpg_ingest_lag_seconds",
  "mcpg_instance_last_report_timestamp_seconds",
  "mcpg_instance_dropped_samples_total",
  "mcpg_rollup_watermark_timestamp_seconds",
  "mcpg_deletion_paused",
  "mcpg_series",
  "mcpg_series_limit",
  "mcpg_series_label_bytes",
  "mcpg_series_label_bytes_limit",
] as const;

export type FamilyName = (typeof FAMILY_NAMES)[number];

/** Its labels are made when they are first written: those of 10,000 tools of long names take 70 ms in one go. */
class LabelledSeries {
  readonly totals: SeriesTotals;
  readonly createdMs: number | null;
  readonly #org: string;
  #labels: LabelSet | null = null;

  constructor(org: string, totals: SeriesTotals, nowMs: number) {
    this.#org = org;
    this.totals = totals;
    this.createdMs = toldCreatedMs(totals.createdMs, nowMs);
  }

  get labels(): LabelSet {
    this.#labels ??= seriesLabels(this.#org, this.totals);
    return this.#labels;
  }
}

interface LabelledInstance {
  labels: LabelSet;
  totals: InstanceTotals;
  createdMs: number | null;
}

/** The org's families in the order of FAMILY_NAMES, then those that other capabilities add. */
export function fleetMetrics(snapshot: MetricsSnapshot, limits: SeriesLimits): MetricFamily[] {
  const { org, nowMs } = snapshot;
  const series = snapshot.series.map((totals) => new LabelledSeries(org, totals, nowMs));
  const instances = snapshot.instances.map((totals) => ({
    labels: labelSet([
      ["org", org],
      ["instance", totals.instance],
    ]),
    totals,
    createdMs: toldCreatedMs(totals.createdMs, nowMs),
  }));
  return [
    ...toolFamilies(snapshot, series),
    ...instanceFamilies(instances),
    watermark(snapshot),
    deletionPaused(snapshot),
    ...seriesUseFamilies(snapshot, limits),
    ...snapshot.beside,
  ];
}

function seriesLabels(org: string, { workspace, plugin, tool }: SeriesTotals): LabelSet {
  return labelSet([
    ["org", org],
    ["workspace", workspace],
    ["plugin", plugin],
    ["tool", tool],
  ]);
}

function toolFamilies(
  snapshot: MetricsSnapshot,
  series: readonly LabelledSeries[],
): MetricFamily[] {
  return [
    {
      type: "counter",
      name: "mcpg_tool_calls_total",
      help: "Total tool invocations",
      points: mapped(series, ({ labels, totals, createdMs }) => ({
        labels,
        value: callsOf(totals.outcomes),
        createdMs,
      })),
    },
    {
      type: "counter",
      name: "mcpg_tool_errors_total",
      help: "Total tool errors",
      points: mapped(series, ({ labels, totals, createdMs }) => ({
        labels,
        value: errorsOf(totals.outcomes),
        createdMs,
      })),
    },
    {
      type: "gauge",
      name: "mcpg_tool_latency_ms",
      help: "Tool latency quantiles",
      points: { [Symbol.iterator]: () => toolLatencyPoints(snapshot) },
    },
    {
      type: "counter",
      name: "mcpg_tool_invocations_total",
      help: "Tool invocations by outcome, idempotent replays included",
      points: { [Symbol.iterator]: () => outcomePoints(series) },
    },
    {
      type: "histogram",
      name: "mcpg_tool_duration_seconds",
      help: "Duration of tool invocations, errors included, idempotent replays left out",
      unit: "seconds",
      bounds: CLASSIC_BOUNDS_SECONDS,
      points: mapped(series, durationPoint),
    },
  ];
}

function* outcomePoints(series: readonly LabelledSeries[]): Generator<ScalarPoint> {
  for (const { labels, totals, createdMs } of series) {
    for (const [index, outcome] of OUTCOMES.entries()) {
      const value = totals.outcomes[index] ?? 0;
      yield { labels: withLastLabel("outcome", outcome, labels), value, createdMs };
    }
  }
}

/**
 * Counts that all points of an exposition share: clearing them and adding a series' histogram touch its
 * range only.
 */
const scratch = new BucketCounts();

function durationPoint({ labels, totals, createdMs }: LabelledSeries): HistogramPoint {
  return {
    labels,
    createdMs,
    sum: totals.sumUs / 1e6,
    count: callsOf(totals.outcomes),
    bucketCounts: totals.classic,
    ...(totals.histogram === null ? {} : { native: nativeBuckets(totals.histogram) }),
    ...(totals.exemplars === null ? {} : { exemplars: exemplarsOf(totals.exemplars) }),
  };
}

function nativeBuckets(histogram: string): NativeBuckets {
  scratch.clear();
  scratch.addJson(histogram);
  return { schema: SCHEMA, zeroThreshold: ZERO_THRESHOLD_SECONDS, ...scratch.sparse() };
}

type StoredExemplar = [durationUs: number, endedAtMs: number, id: string, traceId: string | null];

/** Each in the bucket that its value lies in: what it is stored under may be from before there were others. */
function exemplarsOf(stored: string): (Exemplar | undefined)[] {
  const exemplars = new Array<Exemplar | undefined>(CLASSIC_BUCKETS);
  for (const value of Object.values(JSON.parse(stored))) {
    const [durationUs, timestampMs, id, traceId] = value as StoredExemplar;
    const bucket = classicBucket(bucketIndex(durationUs));
    if ((exemplars[bucket]?.timestampMs ?? 0) > timestampMs) continue;
    const invocation = ["invocation_id", id] as const;
    const labels = labelSet(traceId === null ? [invocation] : [["trace_id", traceId], invocation]);
    exemplars[bucket] = { labels, value: durationUs / 1e6, timestampMs };
  }
  return exemplars;
}

function instanceFamilies(instances: readonly LabelledInstance[]): MetricFamily[] {
  const present = instances.filter(({ totals }) => totals.hasDeparted === 0);
  return [
    {
      type: "histogram",
      name: "mcpg_ingest_lag_seconds",
      help: "Time from the end of a tool invocation to its arrival",
      unit: "seconds",
      bounds: CLASSIC_BOUNDS_SECONDS,
      points: mapped(instances, lagPoint),
    },
    {
      type: "gauge",
      name: "mcpg_instance_last_report_timestamp_seconds",
      help: "When the instance last reported",
      unit: "seconds",
      // One that said goodbye is not silent. Its sums stay, for what the last report added is yet to be scraped.
      points: mapped(present, ({ labels, totals }) => ({
        labels,
        value: totals.lastReportMs / 1e3,
      })),
    },
    {
      type: "counter",
      name: "mcpg_instance_dropped_samples_total",
      help: "Samples that the instance says it lost before reporting them",
      points: mapped(instances, ({ labels, totals, createdMs }) => ({
        labels,
        value: totals.dropped,
        createdMs,
      })),
    },
  ];
}

function lagPoint({ labels, totals, createdMs }: LabelledInstance): HistogramPoint {
  const native = nativeBuckets(totals.lagHistogram);
  const bucketCounts = new Array<number>(CLASSIC_BUCKETS).fill(0);
  native.indexes.forEach((index, position) => {
    const bucket = classicBucket(index);
    bucketCounts[bucket] = (bucketCounts[bucket] ?? 0) + (native.counts[position] ?? 0);
  });
  bucketCounts[0] = (bucketCounts[0] ?? 0) + native.zeroCount;
  const count = bucketCounts.reduce((sum, bucketCount) => sum + bucketCount, 0);
  return { labels, createdMs, sum: totals.lagSumUs / 1e6, count, bucketCounts, native };
}

function watermark(snapshot: MetricsSnapshot): MetricFamily {
  const value = (snapshot.oldestUncountedMs ?? snapshot.nowMs) / 1e3;
  return {
    type: "gauge",
    name: "mcpg_rollup_watermark_timestamp_seconds",
    help: "Arrival of the oldest report that these figures do not count yet, else now",
    unit: "seconds",
    points: [{ labels: labelSet([["org", snapshot.org]]), value }],
  };
}

/** Before the first tick nothing deletes, and nothing is known of a clock. */
function deletionPaused({ org, isClockSettled }: MetricsSnapshot): MetricFamily {
  const labels = labelSet([["org", org]]);
  return {
    type: "gauge",
    name: "mcpg_deletion_paused",
    help: "1 while nothing is deleted: the clock jumped or stood still, and an hour of ticks has to agree on it",
    points: isClockSettled === null ? [] : [{ labels, value: isClockSettled ? 0 : 1 }],
  };
}

/** Restartable, unlike a generator: a family may be walked more than once. */
function mapped<From, To>(items: readonly From[], map: (item: From) => To): Iterable<To> {
  return {
    *[Symbol.iterator]() {
      for (const item of items) yield map(item);
    },
  };
}
