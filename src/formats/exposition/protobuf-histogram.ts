/**
 * `Histogram` of prometheus/client_model metrics.proto, classic and native in one message: a
 * scraper takes the native buckets if it may and the classic ones if not
 * (prometheus.io/docs/specs/native_histograms "Exposition formats").
 */
import { type BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { NativeBuckets } from "./metric-family.ts";
import { type Exemplar, type HistogramPoint, isExposable } from "./metric-family.ts";
import { bucketSpans } from "./native-spans.ts";
import { writeLabels } from "./protobuf-labels.ts";
import { writeTimestamp } from "./protobuf-timestamp.ts";

const HISTOGRAM = {
  sampleCount: 1,
  sampleSum: 2,
  bucket: 3,
  schema: 5,
  zeroThreshold: 6,
  zeroCount: 7,
  positiveSpan: 12,
  positiveDelta: 13,
  createdTimestamp: 15,
} as const;
const BUCKET = { cumulativeCount: 1, upperBound: 2, exemplar: 3 } as const;
const BUCKET_SPAN = { offset: 1, length: 2 } as const;
const EXEMPLAR = { label: 1, value: 2, timestamp: 3 } as const;

export function writeHistogram(
  writer: BinaryWriter,
  bounds: readonly number[],
  point: HistogramPoint,
): void {
  writeCount(writer, HISTOGRAM.sampleCount, point.count);
  writer.tag(HISTOGRAM.sampleSum, WireType.Bit64).double(point.sum);
  let cumulative = 0;
  for (const [index, bound] of bounds.entries()) {
    cumulative += point.bucketCounts[index]!;
    writeBucket(writer, bound, cumulative, point.exemplars?.[index]);
  }
  // The +Inf bucket is optional in the schema, but its exemplar has no other place.
  writeBucket(writer, Number.POSITIVE_INFINITY, point.count, point.exemplars?.[bounds.length]);
  if (point.native !== undefined) writeNativeBuckets(writer, point.native);
  if (point.createdMs != null) writeTimestamp(writer, HISTOGRAM.createdTimestamp, point.createdMs);
}

function writeBucket(
  writer: BinaryWriter,
  bound: number,
  cumulativeCount: number,
  exemplar: Exemplar | undefined,
): void {
  writer.tag(HISTOGRAM.bucket, WireType.LengthDelimited).fork();
  writeCount(writer, BUCKET.cumulativeCount, cumulativeCount);
  writer.tag(BUCKET.upperBound, WireType.Bit64).double(bound);
  if (exemplar !== undefined && isExposable(exemplar)) writeExemplar(writer, exemplar);
  writer.join();
}

/** Native histograms take their exemplars from the classic buckets too, and only with a timestamp. */
function writeExemplar(writer: BinaryWriter, exemplar: Exemplar): void {
  writer.tag(BUCKET.exemplar, WireType.LengthDelimited).fork();
  writeLabels(writer, EXEMPLAR.label, exemplar.labels);
  writer.tag(EXEMPLAR.value, WireType.Bit64).double(exemplar.value);
  writeTimestamp(writer, EXEMPLAR.timestamp, exemplar.timestampMs);
  writer.join();
}

function writeNativeBuckets(writer: BinaryWriter, native: NativeBuckets): void {
  writer.tag(HISTOGRAM.schema, WireType.Varint).sint32(native.schema);
  writer.tag(HISTOGRAM.zeroThreshold, WireType.Bit64).double(native.zeroThreshold);
  writeCount(writer, HISTOGRAM.zeroCount, native.zeroCount);
  const { spans, deltas } = bucketSpans(native.indexes, native.counts);
  for (const span of spans) {
    writer.tag(HISTOGRAM.positiveSpan, WireType.LengthDelimited).fork();
    writer.tag(BUCKET_SPAN.offset, WireType.Varint).sint32(span.offset);
    writer.tag(BUCKET_SPAN.length, WireType.Varint).uint32(span.length).join();
  }
  if (deltas.length > 0) writeDeltas(writer, deltas);
}

/** The deltas are packed, as in Prometheus' own copy of the schema (proto3); readers must take both forms. */
function writeDeltas(writer: BinaryWriter, deltas: readonly number[]): void {
  writer.tag(HISTOGRAM.positiveDelta, WireType.LengthDelimited).fork();
  for (const delta of deltas) {
    if (delta === (delta | 0)) writer.sint32(delta);
    else writer.sint64(delta);
  }
  writer.join();
}

/**
 * A uint64. The 32-bit form is the same on the wire, and spares the library's detour over BigInt
 * for nearly every count there is.
 */
function writeCount(writer: BinaryWriter, field: number, count: number): void {
  writer.tag(field, WireType.Varint);
  if (count === count >>> 0) writer.uint32(count);
  else writer.uint64(count);
}
