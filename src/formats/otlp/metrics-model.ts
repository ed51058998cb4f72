/**
 * Metrics as we push them (opentelemetry-proto metrics/v1/metrics.proto): cumulative sums, gauges, and
 * exponential histograms of the buckets that src/formats/exponential-histogram.ts counts in.
 */
import type { SparseBuckets } from "#formats/exponential-histogram.ts";
import type { InstrumentationScope } from "./trace-model.ts";
import type { UnixNano } from "./unix-nano.ts";
import type { AttributePairs } from "./write-attributes.ts";

export interface ResourceMetrics {
  readonly resource: AttributePairs;
  readonly scope: InstrumentationScope;
  readonly metrics: readonly Metric[];
}

export type Metric = SumMetric | GaugeMetric | ExponentialHistogramMetric;

interface MetricName {
  readonly name: string;
  readonly description: string;
  /** UCUM: `1`, `s`, `{call}`. */
  readonly unit: string;
}

/** Monotonic and cumulative: a Prometheus counter. */
export interface SumMetric extends MetricName {
  readonly type: "sum";
  readonly points: readonly NumberPoint[];
}

export interface GaugeMetric extends MetricName {
  readonly type: "gauge";
  readonly points: readonly NumberPoint[];
}

/** Cumulative, in seconds. */
export interface ExponentialHistogramMetric extends MetricName {
  readonly type: "exponentialHistogram";
  readonly points: readonly ExponentialHistogramPoint[];
}

interface TimedPoint {
  readonly attributes: AttributePairs;
  /** Since when a cumulative value counts: a later one tells of a reset. Null: not known, or a gauge. */
  readonly start: UnixNano | null;
  readonly time: UnixNano;
}

export interface NumberPoint extends TimedPoint {
  readonly value: number;
}

/** Counts are integers, levels are not: one metric's points should not change between the two. */
export function isWrittenAsInt(type: "sum" | "gauge", value: number): boolean {
  return type === "sum" && Number.isSafeInteger(value);
}

export interface ExponentialHistogramPoint extends TimedPoint {
  readonly count: number;
  readonly sumSeconds: number;
  readonly buckets: SparseBuckets;
  readonly minSeconds?: number;
  readonly maxSeconds?: number;
}

/** `AggregationTemporality` */
export const CUMULATIVE = 2;

/** `Buckets`: counts from the first bucket to the last, none left out. */
export interface DenseBuckets {
  readonly offset: number;
  readonly bucketCounts: readonly number[];
}

/**
 * OTLP's bucket i holds (base^i, base^(i+1)], Prometheus' (base^(i-1), base^i]: the same buckets, numbered
 * one apart.
 */
export function denseBuckets({ indexes, counts }: SparseBuckets): DenseBuckets {
  const first = indexes[0];
  if (first === undefined) return { offset: 0, bucketCounts: [] };
  const bucketCounts = new Array<number>(indexes[indexes.length - 1]! - first + 1).fill(0);
  for (const [position, index] of indexes.entries())
    bucketCounts[index - first] = counts[position]!;
  return { offset: first - 1, bucketCounts };
}
