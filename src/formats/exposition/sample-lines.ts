/**
 * The body that text 0.0.4 and OpenMetrics 1.0 share: sample lines, such as
 *
 *     http_requests_total{code="200",method="post"} 1027
 *     latency_seconds_bucket{le="0.5",method="post"} 129389
 *
 * A point's lines stay together and so do a family's points: interleaved metrics are refused by
 * OpenMetrics ("Overall Structure") and silently misread by Prometheus. No line carries a
 * timestamp: Prometheus would then not mark a series stale when it leaves the exposition.
 */
import { formatBound, formatValue } from "./format-number.ts";
import type {
  CounterFamily,
  Exemplar,
  GaugeFamily,
  HistogramFamily,
  HistogramPoint,
  MetricFamily,
} from "./metric-family.ts";

/** Where the two formats differ, the `# EOF` at the end of OpenMetrics aside. */
export interface TextDialect {
  /** The comment lines above a family. */
  readonly formatMetadata: (family: MetricFamily) => string;
  /** What follows a bucket's value; absent where the format has no exemplars. */
  readonly formatExemplar?: (exemplar: Exemplar) => string;
  /** The name of the line that tells when a point was created; absent where none is wanted. */
  readonly createdName?: (family: MetricFamily) => string;
}

/** Yields one block for each family's metadata and one for each point, ready to be chunked. */
export function* sampleLines(
  families: Iterable<MetricFamily>,
  dialect: TextDialect,
): Generator<string> {
  for (const family of families) {
    yield dialect.formatMetadata(family);
    yield* family.type === "histogram"
      ? histogramLines(family, dialect)
      : scalarLines(family, dialect);
  }
}

function* scalarLines(
  family: CounterFamily | GaugeFamily,
  dialect: TextDialect,
): Generator<string> {
  const createdName = dialect.createdName?.(family);
  for (const { labels: labelSet, value, createdMs } of family.points) {
    const labels = braced(labelSet.text);
    const created = createdLine(createdName, labels, createdMs);
    yield `${family.name}${labels} ${formatValue(value)}\n${created}`;
  }
}

/** In seconds, to the millisecond; as the last of its point's lines, which the next point's may not part. */
function createdLine(
  name: string | undefined,
  labels: string,
  createdMs: number | null | undefined,
): string {
  if (name === undefined || createdMs == null) return "";
  return `${name}${labels} ${(createdMs / 1e3).toFixed(3)}\n`;
}

function* histogramLines(family: HistogramFamily, dialect: TextDialect): Generator<string> {
  const heads = [...family.bounds, Number.POSITIVE_INFINITY].map(
    (bound) => `${family.name}_bucket{le="${formatBound(bound)}"`,
  );
  const createdName = dialect.createdName?.(family);
  for (const point of family.points) {
    const labels = braced(point.labels.text);
    const created = createdLine(createdName, labels, point.createdMs);
    const sum = `${family.name}_sum${labels} ${formatValue(point.sum)}\n`;
    const count = `${family.name}_count${labels} ${point.count}\n`;
    yield `${bucketLines(heads, point, dialect)}${sum}${count}${created}`;
  }
}

/**
 * `le` comes first, so that what precedes the series' labels is the same for every point and what
 * follows it is the same for every bucket: both are made once. The +Inf bucket repeats the count,
 * which OpenMetrics 1.0 "Histogram" requires to be equal.
 */
function bucketLines(
  heads: readonly string[],
  point: HistogramPoint,
  dialect: TextDialect,
): string {
  const tail = point.labels.text === "" ? "} " : `,${point.labels.text}} `;
  const last = heads.length - 1;
  let lines = "";
  let cumulative = 0;
  for (let bucket = 0; bucket < last; bucket++) {
    cumulative += point.bucketCounts[bucket]!;
    lines += `${heads[bucket]}${tail}${cumulative}${exemplarSuffix(point, bucket, dialect)}\n`;
  }
  return `${lines}${heads[last]}${tail}${point.count}${exemplarSuffix(point, last, dialect)}\n`;
}

function exemplarSuffix(point: HistogramPoint, bucket: number, dialect: TextDialect): string {
  const exemplar = point.exemplars?.[bucket];
  return exemplar === undefined ? "" : (dialect.formatExemplar?.(exemplar) ?? "");
}

/** A sample without labels has no braces, as in every example of both specifications. */
function braced(labels: string): string {
  return labels === "" ? "" : `{${labels}}`;
}
