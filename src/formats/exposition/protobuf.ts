/**
 * The Prometheus protobuf exposition: each io.prometheus.client.MetricFamily preceded by its length
 * as a varint (prometheus.io/docs/instrumenting/exposition_formats "Protobuf format"). It alone
 * carries native histograms to a scraper. Field numbers are those of prometheus/client_model
 * io/prometheus/client/metrics.proto, message by message; fields not written are left out here.
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { chunkBytes, PAUSE } from "./byte-chunks.ts";
import type { LabelSet, MetricFamily, ScalarPoint } from "./metric-family.ts";
import { writeHistogram } from "./protobuf-histogram.ts";
import { writeLabels } from "./protobuf-labels.ts";
import { writeTimestamp } from "./protobuf-timestamp.ts";

const METRIC_FAMILY = { name: 1, help: 2, type: 3, metric: 4, unit: 5 } as const;
const METRIC_TYPE = { counter: 0, gauge: 1, histogram: 4 } as const;
const METRIC = { label: 1, gauge: 2, counter: 3, histogram: 7 } as const;
/** Counter and Gauge hold their value in the same field; a gauge has no time. */
const SCALAR = { value: 1, createdTimestamp: 3 } as const;

export function encodeProtobuf(families: Iterable<MetricFamily>): Generator<Uint8Array> {
  return chunkBytes(familyMessages(families));
}

/**
 * A family's length precedes it, so one family at a time is held as bytes. Splitting it into
 * several messages of one name would avoid that, but is a duplicate family to strict readers.
 */
function* familyMessages(families: Iterable<MetricFamily>): Generator<Uint8Array> {
  const writer = new BinaryWriter();
  for (const family of families) {
    const metrics: Uint8Array[] = [];
    for (const part of metricFields(writer, family)) {
      metrics.push(part);
      if (metrics.length % PARTS_A_PAUSE === 0) yield PAUSE;
    }
    // expfmt refuses a family without metrics, so it is left out.
    if (metrics.length === 0) continue;
    const metadata = metadataFields(writer, family);
    const sizeBytes = metrics.reduce((size, part) => size + part.length, metadata.length);
    yield writer.uint32(sizeBytes).finish();
    yield metadata;
    yield* metrics;
  }
}

function metadataFields(writer: BinaryWriter, family: MetricFamily): Uint8Array {
  writer.tag(METRIC_FAMILY.name, WireType.LengthDelimited).string(family.name);
  writer.tag(METRIC_FAMILY.help, WireType.LengthDelimited).string(family.help);
  writer.tag(METRIC_FAMILY.type, WireType.Varint).int32(METRIC_TYPE[family.type]);
  if (family.unit !== undefined) {
    writer.tag(METRIC_FAMILY.unit, WireType.LengthDelimited).string(family.unit);
  }
  return writer.finish();
}

/**
 * Taking the bytes out of the writer costs more than writing a counter (13 ms instead of 5 ms for
 * 10,000). 32 of the largest histograms, 3 KB each, come to about one chunk.
 */
const METRICS_PER_PART = 32;

/** 256 of the largest histograms take 10 ms. */
const PARTS_A_PAUSE = 8;

/** The family's `metric` fields, several in one part. */
function* metricFields(writer: BinaryWriter, family: MetricFamily): Generator<Uint8Array> {
  let written = 0;
  for (const _ of writeMetrics(writer, family)) {
    written += 1;
    if (written % METRICS_PER_PART === 0) yield writer.finish();
  }
  if (written % METRICS_PER_PART !== 0) yield writer.finish();
}

/** Yields after each metric, for the caller to take what is written so far. */
function* writeMetrics(writer: BinaryWriter, family: MetricFamily): Generator<void> {
  if (family.type !== "histogram") {
    for (const point of family.points) yield writeScalar(writer, METRIC[family.type], point);
    return;
  }
  for (const point of family.points) {
    openMetric(writer, point.labels);
    writer.tag(METRIC.histogram, WireType.LengthDelimited).fork();
    writeHistogram(writer, family.bounds, point);
    writer.join().join();
    yield;
  }
}

/** Zero is written out: client_model is proto2, where an absent value is none. */
function writeScalar(writer: BinaryWriter, field: number, point: ScalarPoint): void {
  openMetric(writer, point.labels);
  writer.tag(field, WireType.LengthDelimited).fork();
  writer.tag(SCALAR.value, WireType.Bit64).double(point.value);
  if (point.createdMs != null) writeTimestamp(writer, SCALAR.createdTimestamp, point.createdMs);
  writer.join().join();
}

/** Leaves the metric's message open: the caller adds the value and joins. */
function openMetric(writer: BinaryWriter, labels: LabelSet): void {
  writer.tag(METRIC_FAMILY.metric, WireType.LengthDelimited).fork();
  writeLabels(writer, METRIC.label, labels);
}
