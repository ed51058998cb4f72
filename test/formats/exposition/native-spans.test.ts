import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BucketSpan, bucketSpans } from "#formats/exposition/native-spans.ts";

/** The reading side of metrics.proto, as Prometheus does it: empty buckets fall away. */
function readSpans(spans: readonly BucketSpan[], deltas: readonly number[]): [number, number][] {
  const buckets: [number, number][] = [];
  let index = 0;
  let count = 0;
  let position = 0;
  for (const { offset, length } of spans) {
    index += offset;
    for (let end = index + length; index < end; index++) {
      count += deltas[position++]!;
      if (count !== 0) buckets.push([index, count]);
    }
  }
  expect(position).toBe(deltas.length);
  return buckets;
}

const sparseBuckets = fc
  .uniqueArray(
    fc.tuple(fc.integer({ min: -400, max: 400 }), fc.integer({ min: 1, max: 2 ** 40 })),
    {
      selector: ([index]) => index,
      maxLength: 160,
    },
  )
  .map((buckets) => buckets.sort(([a], [b]) => a - b));

describe("bucketSpans", () => {
  it("brings back every sparse histogram", () => {
    fc.assert(
      fc.property(sparseBuckets, (buckets) => {
        const { spans, deltas } = bucketSpans(
          buckets.map(([index]) => index),
          buckets.map(([, count]) => count),
        );
        expect(readSpans(spans, deltas)).toEqual(buckets);
      }),
    );
  });

  it("never writes a negative offset but the first, nor an empty span among others", () => {
    fc.assert(
      fc.property(sparseBuckets, (buckets) => {
        const indexes = buckets.map(([index]) => index);
        const { spans } = bucketSpans(
          indexes,
          indexes.map(() => 1),
        );
        expect(spans.slice(1).every(({ offset }) => offset > 2)).toBe(true);
        expect(spans.every(({ length }) => length > 0) || indexes.length === 0).toBe(true);
      }),
    );
  });

  it("spells out gaps of one and two empty buckets and starts a span after three", () => {
    expect(bucketSpans([5, 7, 10, 14], [3, 4, 5, 6])).toEqual({
      spans: [
        { offset: 5, length: 6 },
        { offset: 3, length: 1 },
      ],
      deltas: [3, -3, 4, -4, 0, 5, 1],
    });
  });

  it("starts at index zero and near it without inventing buckets", () => {
    expect(bucketSpans([0], [1]).spans).toEqual([{ offset: 0, length: 1 }]);
    expect(bucketSpans([2], [1]).spans).toEqual([{ offset: 2, length: 1 }]);
    expect(bucketSpans([-2], [1]).spans).toEqual([{ offset: -2, length: 1 }]);
  });

  it("gives one span of length zero when there is no bucket", () => {
    expect(bucketSpans([], [])).toEqual({ spans: [{ offset: 0, length: 0 }], deltas: [] });
  });
});
