/** `ExportMetricsServiceRequest` as JSON: enums as integers, 64-bit integers as strings. */
import { SCHEMA, ZERO_THRESHOLD_SECONDS } from "#formats/exponential-histogram.ts";
import {
  formatAttributes,
  formatDouble,
  formatResource,
  formatScope,
} from "./format-attributes.ts";
import {
  CUMULATIVE,
  denseBuckets,
  type ExponentialHistogramPoint,
  isWrittenAsInt,
  type Metric,
  type NumberPoint,
  type ResourceMetrics,
} from "./metrics-model.ts";
import { formatUnixNano, type UnixNano } from "./unix-nano.ts";

export function formatMetrics(request: readonly ResourceMetrics[]): object {
  return { resourceMetrics: request.map(formatResourceMetrics) };
}

function formatResourceMetrics({ resource, scope, metrics }: ResourceMetrics): object {
  const scopeMetrics = [{ scope: formatScope(scope), metrics: metrics.map(formatMetric) }];
  return { resource: formatResource(resource), scopeMetrics };
}

function formatMetric(metric: Metric): object {
  const { name, description, unit } = metric;
  return { name, description, unit, [metric.type]: formatData(metric) };
}

function formatData(metric: Metric): object {
  switch (metric.type) {
    case "gauge":
      return { dataPoints: metric.points.map((point) => formatNumberPoint(point, metric.type)) };
    case "sum":
      return {
        dataPoints: metric.points.map((point) => formatNumberPoint(point, metric.type)),
        aggregationTemporality: CUMULATIVE,
        isMonotonic: true,
      };
    case "exponentialHistogram":
      return {
        dataPoints: metric.points.map(formatHistogramPoint),
        aggregationTemporality: CUMULATIVE,
      };
  }
}

function formatNumberPoint(point: NumberPoint, type: "sum" | "gauge"): object {
  const { value } = point;
  const number = isWrittenAsInt(type, value)
    ? { asInt: String(value) }
    : { asDouble: formatDouble(value) };
  return { ...formatTimes(point), ...number, attributes: formatAttributes(point.attributes) };
}

function formatHistogramPoint(point: ExponentialHistogramPoint): object {
  const { offset, bucketCounts } = denseBuckets(point.buckets);
  return {
    attributes: formatAttributes(point.attributes),
    ...formatTimes(point),
    count: String(point.count),
    sum: formatDouble(point.sumSeconds),
    scale: SCHEMA,
    zeroCount: String(point.buckets.zeroCount),
    positive: { offset, bucketCounts: bucketCounts.map(String) },
    min: point.minSeconds,
    max: point.maxSeconds,
    zeroThreshold: ZERO_THRESHOLD_SECONDS,
  };
}

function formatTimes({ start, time }: { start: UnixNano | null; time: UnixNano }): object {
  const timeUnixNano = formatUnixNano(time);
  return start === null
    ? { timeUnixNano }
    : { startTimeUnixNano: formatUnixNano(start), timeUnixNano };
}
