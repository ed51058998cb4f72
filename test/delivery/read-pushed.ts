/**
 * Pushed metrics read by the codec generated from the official protos, and named as Prometheus translates
 * OTLP: dots to underscores, `s` to `_seconds`, monotonic sums `_total`.
 */
import { fromBinary } from "@bufbuild/protobuf";
import {
  type ExponentialHistogramDataPoint,
  type Metric,
  MetricsDataSchema,
  type NumberDataPoint,
} from "../formats/otlp/gen/opentelemetry/proto/metrics/v1/metrics_pb.ts";

export interface Pushed {
  /** `name{label="value",…}` → value; of histograms their `_count` and `_sum`. */
  values: Map<string, number>;
  /** Buckets of each exponential histogram add up to its count, or this tells of it. */
  problems: string[];
  starts: Set<number>;
  times: Set<number>;
  temporalities: Set<number>;
}

const MS_IN_NANOS = 1_000_000n;

export function readPushed(body: Uint8Array): Pushed {
  const pushed: Pushed = {
    values: new Map(),
    problems: [],
    starts: new Set(),
    times: new Set(),
    temporalities: new Set(),
  };
  for (const { scopeMetrics } of fromBinary(MetricsDataSchema, body).resourceMetrics) {
    for (const metric of scopeMetrics.flatMap(({ metrics }) => metrics)) readMetric(metric, pushed);
  }
  return pushed;
}

function readMetric({ name, unit, data }: Metric, pushed: Pushed): void {
  const base = name.replaceAll(".", "_") + (unit === "s" ? "_seconds" : "");
  switch (data.case) {
    case "sum":
      pushed.temporalities.add(data.value.aggregationTemporality);
      readNumbers(pushed, `${base}_total`, data.value.dataPoints, true);
      break;
    case "gauge":
      readNumbers(pushed, base, data.value.dataPoints, false);
      break;
    case "exponentialHistogram":
      pushed.temporalities.add(data.value.aggregationTemporality);
      for (const point of data.value.dataPoints) readHistogram(pushed, base, point);
  }
}

function readNumbers(
  pushed: Pushed,
  name: string,
  points: readonly NumberDataPoint[],
  isCumulative: boolean,
): void {
  for (const point of points) put(pushed, name, point, Number(point.value.value), isCumulative);
}

function readHistogram(pushed: Pushed, base: string, point: ExponentialHistogramDataPoint): void {
  put(pushed, `${base}_count`, point, Number(point.count), true);
  put(pushed, `${base}_sum`, point, point.sum ?? Number.NaN, true);
  const buckets = (point.positive?.bucketCounts ?? []).reduce((sum, count) => sum + count, 0n);
  const isWhole = buckets + point.zeroCount === point.count && point.scale === 4;
  if (!isWhole) pushed.problems.push(`${base}: buckets hold ${buckets} of ${point.count}`);
}

function put(
  pushed: Pushed,
  name: string,
  point: NumberDataPoint | ExponentialHistogramDataPoint,
  value: number,
  isCumulative: boolean,
): void {
  const labels = point.attributes.map(({ key, value: any }) => `${key}="${any?.value.value}"`);
  const key = `${name}{${labels.join(",")}}`;
  if (key.startsWith("mcpg_rollup_watermark")) return;
  if (pushed.values.has(key)) pushed.problems.push(`${key} is there twice`);
  pushed.values.set(key, value);
  if (isCumulative) pushed.starts.add(Number(point.startTimeUnixNano / MS_IN_NANOS));
  pushed.times.add(Number(point.timeUnixNano / MS_IN_NANOS));
}
