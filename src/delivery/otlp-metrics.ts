/**
 * An org's metric families as OTLP metrics: the figures that a scrape shows (fleet-metrics.ts), under names
 * and units that Prometheus' own translation turns into those of the scrape. The quantile gauge is left
 * out: the exponential histogram says more.
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */

import type { AUDIT_FAMILY_NAMES } from "#audit/audit-figures.ts";
import type { UNDURABLE_FAMILY_NAMES } from "#audit/calls/undurable-figures.ts";
import type { FamilyName } from "#calls/figures/fleet-metrics.ts";
import type { MetricFamily, ScalarPoint } from "#formats/exposition/metric-family.ts";
import type {
  ExponentialHistogramPoint,
  Metric,
  NumberPoint,
  ResourceMetrics,
} from "#formats/otlp/metrics-model.ts";
import type { UnixNano } from "#formats/otlp/unix-nano.ts";
import type { SHARD_FAMILY_NAMES } from "#orgs/space/shard-figures.ts";
import type { PAYLOAD_FAMILY_NAMES } from "#payloads/payload-figures.ts";

/** A collector takes 20 MiB unless told otherwise; so many points are at most 3 MB, if all are histograms. */
const REQUEST_POINTS_MAX = 4_000;

type PushedName =
  | FamilyName
  | (typeof AUDIT_FAMILY_NAMES)[number]
  | (typeof UNDURABLE_FAMILY_NAMES)[number]
  | (typeof SHARD_FAMILY_NAMES)[number]
  | (typeof PAYLOAD_FAMILY_NAMES)[number];

const NAMES: { readonly [Name in PushedName]: { name: string; unit: string } | null } = {
  mcpg_tool_calls_total: { name: "mcpg.tool.calls", unit: "{call}" },
  mcpg_tool_errors_total: { name: "mcpg.tool.errors", unit: "{call}" },
  mcpg_tool_latency_ms: null,
  mcpg_tool_invocations_total: { name: "mcpg.tool.invocations", unit: "{invocation}" },
  mcpg_tool_duration_seconds: { name: "mcpg.tool.duration", unit: "s" },
  mcpg_ingest_lag_seconds: { name: "mcpg.ingest.lag", unit: "s" },
  mcpg_instance_last_report_timestamp_seconds: {
    name: "mcpg.instance.last_report.timestamp",
    unit: "s",
  },
  mcpg_instance_dropped_samples_total: { name: "mcpg.instance.dropped_samples", unit: "{sample}" },
  mcpg_rollup_watermark_timestamp_seconds: { name: "mcpg.rollup.watermark.timestamp", unit: "s" },
  mcpg_series: { name: "mcpg.series", unit: "{series}" },
  mcpg_series_limit: { name: "mcpg.series.limit", unit: "{series}" },
  mcpg_series_label_bytes: { name: "mcpg.series.label_bytes", unit: "{byte}" },
  mcpg_series_label_bytes_limit: { name: "mcpg.series.label_bytes.limit", unit: "{byte}" },
  mcpg_audit_tree_size: { name: "mcpg.audit.tree_size", unit: "{entry}" },
  mcpg_audit_checkpoint_timestamp_seconds: { name: "mcpg.audit.checkpoint.timestamp", unit: "s" },
  mcpg_audit_unsigned_entries: { name: "mcpg.audit.unsigned_entries", unit: "{entry}" },
  mcpg_audit_scrub_timestamp_seconds: { name: "mcpg.audit.scrub.timestamp", unit: "s" },
  mcpg_audit_frozen: { name: "mcpg.audit.frozen", unit: "" },
  mcpg_deletion_paused: { name: "mcpg.deletion.paused", unit: "" },
  mcpg_audit_misconfigured: { name: "mcpg.audit.misconfigured", unit: "" },
  mcpg_gateway_undurable_total: { name: "mcpg.gateway.undurable", unit: "{call}" },
  mcpg_payloads_refused_total: { name: "mcpg.payloads.refused", unit: "{payload}" },
  mcpg_audit_bytes: { name: "mcpg.audit.bytes", unit: "By" },
  mcpg_shard_bytes: { name: "mcpg.shard.bytes", unit: "By" },
  mcpg_shard_bytes_limit: { name: "mcpg.shard.bytes.limit", unit: "" },
  mcpg_shard_refused: { name: "mcpg.shard.refused", unit: "" },
  mcpg_audit_bytes_limit: { name: "mcpg.audit.bytes.limit", unit: "" },
};

export interface PushedTimes {
  /**
   * Since when the org's totals count: its creation. They are never reset (a series that was idle comes
   * back with its total), so this never changes, whichever series is first seen when.
   */
  startMs: number;
  nowMs: number;
}

type Point = NumberPoint | ExponentialHistogramPoint;

/** Requests' contents, each with a bounded number of points, all of one time. */
export function* otlpMetricsRequests(
  families: Iterable<MetricFamily>,
  org: string,
  times: PushedTimes,
  pointsMax = REQUEST_POINTS_MAX,
): Generator<ResourceMetrics> {
  let metrics: Metric[] = [];
  let room = pointsMax;
  for (const family of families) {
    for (const points of chunks(pointsOf(family, times), () => room)) {
      const metric = metricOf(family, points);
      if (metric !== null) metrics.push(metric);
      room -= points.length;
      if (room > 0) continue;
      yield requestOf(org, metrics);
      [metrics, room] = [[], pointsMax];
    }
  }
  if (metrics.length > 0) yield requestOf(org, metrics);
}

function requestOf(org: string, metrics: Metric[]): ResourceMetrics {
  const resource = [
    ["service.name", "mcpg-control-plane"],
    ["mcpg.org", org],
  ] as const;
  return { resource, scope: { name: "mcpg", version: "" }, metrics };
}

/** Chunks of at most as many points as there is room for when a chunk begins; none is empty. */
function* chunks(points: Iterable<Point>, room: () => number): Generator<Point[]> {
  let chunk: Point[] = [];
  let size = room();
  for (const point of points) {
    chunk.push(point);
    if (chunk.length < size) continue;
    yield chunk;
    [chunk, size] = [[], room()];
  }
  if (chunk.length > 0) yield chunk;
}

function metricOf(family: MetricFamily, points: Point[]): Metric | null {
  const known = NAMES[family.name as PushedName];
  if (known === null) return null;
  const named = { ...known, description: family.help };
  if (family.type === "histogram") {
    return {
      ...named,
      type: "exponentialHistogram",
      points: points as ExponentialHistogramPoint[],
    };
  }
  const type = family.type === "counter" ? "sum" : "gauge";
  return { ...named, type, points: points as NumberPoint[] };
}

function* pointsOf(family: MetricFamily, times: PushedTimes): Generator<Point> {
  if (NAMES[family.name as PushedName] === null) return;
  const time = instant(times.nowMs);
  const start = family.type === "gauge" ? null : instant(times.startMs);
  if (family.type === "histogram") {
    for (const { labels, count, sum, native } of family.points) {
      const buckets = native ?? { indexes: [], counts: [], zeroCount: 0 };
      yield { attributes: labels.pairs, start, time, count, sumSeconds: sum, buckets };
    }
    return;
  }
  for (const { labels, value } of family.points as Iterable<ScalarPoint>) {
    yield { attributes: labels.pairs, start, time, value };
  }
}

function instant(ms: number): UnixNano {
  return { ms, nanos: 0 };
}
