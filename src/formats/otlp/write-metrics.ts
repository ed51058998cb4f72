/** `ExportMetricsServiceRequest` as protobuf: metrics/v1/metrics.proto. Constants are field numbers. */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { SCHEMA, ZERO_THRESHOLD_SECONDS } from "#formats/exponential-histogram.ts";
import {
  CUMULATIVE,
  denseBuckets,
  type ExponentialHistogramPoint,
  isWrittenAsInt,
  type Metric,
  type NumberPoint,
  type ResourceMetrics,
} from "./metrics-model.ts";
import { type UnixNano, unixNanoToUint64 } from "./unix-nano.ts";
import {
  openMessage,
  writeAttributes,
  writeResource,
  writeScope,
  writeText,
} from "./write-attributes.ts";

const REQUEST = { resourceMetrics: 1 } as const;
const RESOURCE_METRICS = { resource: 1, scopeMetrics: 2 } as const;
const SCOPE_METRICS = { scope: 1, metrics: 2 } as const;
const METRIC = {
  name: 1,
  description: 2,
  unit: 3,
  gauge: 5,
  sum: 7,
  exponentialHistogram: 10,
} as const;
/** The fields that Gauge, Sum and ExponentialHistogram have under the same numbers. */
const DATA = { points: 1, temporality: 2, isMonotonic: 3 } as const;
const NUMBER = { start: 2, time: 3, asDouble: 4, asInt: 6, attributes: 7 } as const;
const HISTOGRAM = {
  attributes: 1,
  start: 2,
  time: 3,
  count: 4,
  sum: 5,
  scale: 6,
  zeroCount: 7,
  positive: 8,
  min: 12,
  max: 13,
  zeroThreshold: 14,
} as const;
const BUCKETS = { offset: 1, bucketCounts: 2 } as const;

export function writeMetrics(request: readonly ResourceMetrics[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const { resource, scope, metrics } of request) {
    openMessage(writer, REQUEST.resourceMetrics);
    writeResource(writer, RESOURCE_METRICS.resource, resource);
    openMessage(writer, RESOURCE_METRICS.scopeMetrics);
    writeScope(writer, SCOPE_METRICS.scope, scope);
    for (const metric of metrics) writeMetric(writer, metric);
    writer.join().join();
  }
  return writer.finish();
}

function writeMetric(writer: BinaryWriter, metric: Metric): void {
  openMessage(writer, SCOPE_METRICS.metrics);
  writeText(writer, METRIC.name, metric.name);
  writeText(writer, METRIC.description, metric.description);
  writeText(writer, METRIC.unit, metric.unit);
  openMessage(writer, METRIC[metric.type]);
  if (metric.type === "exponentialHistogram") {
    for (const point of metric.points) writeHistogramPoint(writer, point);
  } else {
    for (const point of metric.points) writeNumberPoint(writer, point, metric.type);
  }
  if (metric.type !== "gauge") writer.tag(DATA.temporality, WireType.Varint).int32(CUMULATIVE);
  if (metric.type === "sum") writer.tag(DATA.isMonotonic, WireType.Varint).bool(true);
  writer.join().join();
}

/** `NumberDataPoint`: a oneof, so that zero is written out. */
function writeNumberPoint(writer: BinaryWriter, point: NumberPoint, type: "sum" | "gauge"): void {
  openMessage(writer, DATA.points);
  writeTimes(writer, NUMBER, point);
  if (isWrittenAsInt(type, point.value)) {
    writer.tag(NUMBER.asInt, WireType.Bit64).sfixed64(point.value);
  } else {
    writer.tag(NUMBER.asDouble, WireType.Bit64).double(point.value);
  }
  writeAttributes(writer, NUMBER.attributes, point.attributes);
  writer.join();
}

function writeHistogramPoint(writer: BinaryWriter, point: ExponentialHistogramPoint): void {
  openMessage(writer, DATA.points);
  writeAttributes(writer, HISTOGRAM.attributes, point.attributes);
  writeTimes(writer, HISTOGRAM, point);
  writer.tag(HISTOGRAM.count, WireType.Bit64).fixed64(point.count);
  writer.tag(HISTOGRAM.sum, WireType.Bit64).double(point.sumSeconds);
  writer.tag(HISTOGRAM.scale, WireType.Varint).sint32(SCHEMA);
  writer.tag(HISTOGRAM.zeroCount, WireType.Bit64).fixed64(point.buckets.zeroCount);
  writeBuckets(writer, point);
  if (point.minSeconds !== undefined) {
    writer.tag(HISTOGRAM.min, WireType.Bit64).double(point.minSeconds);
  }
  if (point.maxSeconds !== undefined) {
    writer.tag(HISTOGRAM.max, WireType.Bit64).double(point.maxSeconds);
  }
  writer.tag(HISTOGRAM.zeroThreshold, WireType.Bit64).double(ZERO_THRESHOLD_SECONDS);
  writer.join();
}

function writeBuckets(writer: BinaryWriter, point: ExponentialHistogramPoint): void {
  const { offset, bucketCounts } = denseBuckets(point.buckets);
  openMessage(writer, HISTOGRAM.positive);
  writer.tag(BUCKETS.offset, WireType.Varint).sint32(offset);
  openMessage(writer, BUCKETS.bucketCounts);
  for (const count of bucketCounts) {
    // A uint32 is the same on the wire, without the library's detour over BigInt.
    if (count === count >>> 0) writer.uint32(count);
    else writer.uint64(count);
  }
  writer.join().join();
}

function writeTimes(
  writer: BinaryWriter,
  fields: { readonly start: number; readonly time: number },
  point: { readonly start: UnixNano | null; readonly time: UnixNano },
): void {
  if (point.start !== null) {
    writer.tag(fields.start, WireType.Bit64).fixed64(unixNanoToUint64(point.start));
  }
  writer.tag(fields.time, WireType.Bit64).fixed64(unixNanoToUint64(point.time));
}
