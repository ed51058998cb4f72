/**
 * Sparse bucket counts as `BucketSpan`s and count deltas (prometheus/client_model metrics.proto,
 * `Histogram.positive_span` and `positive_delta`).
 */
export interface BucketSpan {
  /**
   * Empty buckets between the span before and this one; for the first span, the index of its first bucket.
   */
  readonly offset: number;
  length: number;
}

/**
 * A gap of up to two empty buckets is spelled out, as client_golang does: that takes less than
 * another span, and a chunk of Prometheus' TSDB, which stores one layout, is cut less often.
 */
const FILLED_GAP_BUCKETS_MAX = 2;

/**
 * `indexes` ascend. Without any bucket there still is a span of length 0: with nothing at all, a
 * native histogram could not be told from a classic one ("Use a no-op span", metrics.proto).
 */
export function bucketSpans(
  indexes: readonly number[],
  counts: readonly number[],
): { spans: BucketSpan[]; deltas: number[] } {
  const spans: BucketSpan[] = [];
  const deltas: number[] = [];
  let span: BucketSpan = { offset: 0, length: 0 };
  let nextIndex = 0;
  let previousCount = 0;
  for (const [position, index] of indexes.entries()) {
    const gap = index - nextIndex;
    if (position === 0 || gap > FILLED_GAP_BUCKETS_MAX) {
      span = { offset: gap, length: 0 };
      spans.push(span);
    } else if (gap > 0) {
      deltas.push(-previousCount, ...new Array<number>(gap - 1).fill(0));
      span.length += gap;
      previousCount = 0;
    }
    const count = counts[position]!;
    deltas.push(count - previousCount);
    span.length += 1;
    previousCount = count;
    nextIndex = index + 1;
  }
  return { spans: spans.length === 0 ? [span] : spans, deltas };
}
