import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BucketCounts,
  bucketIndex,
  CLASSIC_BOUNDS_SECONDS,
  classicBucket,
  INDEX_MAX,
  SCHEMA,
  upperBoundSeconds,
  ZERO_BUCKET_INDEX,
  ZERO_THRESHOLD_SECONDS,
} from "#formats/exponential-histogram.ts";

const RELATIVE_ERROR_MAX = 2 ** (1 / 32) - 1;

/** Exact: us <= 2^(index/16) s in integers, both sides to the 16th power. */
function isAtOrUnderBound(us: number, index: number): boolean {
  const value = BigInt(us) ** 16n;
  const million = 10n ** 96n;
  return index < 0
    ? value * 2n ** BigInt(-index) <= million
    : value <= 2n ** BigInt(index) * million;
}

function lowest(from: number, to: number, holds: (n: number) => boolean): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function exactIndex(us: number): number {
  return lowest(ZERO_BUCKET_INDEX, INDEX_MAX, (index) => isAtOrUnderBound(us, index));
}

/** Seeded (mulberry32), so that a failure can be repeated. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function histogramOf(durationsUs: readonly number[]): BucketCounts {
  const buckets = new BucketCounts();
  for (const us of durationsUs) buckets.add(bucketIndex(us), 1);
  return buckets;
}

const durationUs = fc.oneof(fc.nat(5_000_000), fc.integer({ min: 0, max: 86_400_000_000 }));

describe("bucketIndex", () => {
  it("is exact at every bound and the two microseconds on either side", () => {
    for (let index = ZERO_BUCKET_INDEX; index <= INDEX_MAX; index++) {
      const firstAbove = lowest(0, 2 ** 41, (us) => !isAtOrUnderBound(us, index));
      for (let us = Math.max(firstAbove - 3, 0); us <= firstAbove + 2; us++) {
        expect(bucketIndex(us), `${us} us beside bound ${index}`).toBe(exactIndex(us));
      }
    }
  });

  it("is exact for any duration that ingest takes", () => {
    fc.assert(fc.property(durationUs, (us) => bucketIndex(us) === exactIndex(us)));
  });

  it("puts a power of two of seconds at the upper end of its bucket", () => {
    for (let power = 0; power <= 20; power++) {
      expect(bucketIndex(2 ** power * 1e6)).toBe(power * 16);
    }
    for (let power = 1; power <= 6; power++) {
      expect(bucketIndex(1e6 / 2 ** power)).toBe(power * -16);
    }
  });

  it("counts zero and what is below it in the zero bucket, and clamps what is too long", () => {
    expect([0, -1, -5_000].map(bucketIndex)).toEqual(Array(3).fill(ZERO_BUCKET_INDEX));
    expect(bucketIndex(1)).toBe(-318);
    expect(bucketIndex(2 ** 20 * 1e6 + 1)).toBe(INDEX_MAX);
    expect(bucketIndex(Number.MAX_SAFE_INTEGER)).toBe(INDEX_MAX);
  });

  it("refuses what is no whole microsecond", () => {
    for (const us of [0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => bucketIndex(us)).toThrow(RangeError);
    }
  });
});

describe("bounds", () => {
  it("are the doubles nearest to 2^(i/16) in the first doubling, and exact multiples after", () => {
    for (let step = 0; step < 16; step++) {
      const doubled = BigInt(upperBoundSeconds(step) * 2 ** 52) * 2n;
      const exact = 2n ** BigInt(step + 53 * 16);
      expect((doubled - 1n) ** 16n < exact && exact < (doubled + 1n) ** 16n).toBe(true);
      for (let doublings = -20; doublings < 20; doublings++) {
        const bound = upperBoundSeconds(step + 16 * doublings);
        expect(bound).toBe(upperBoundSeconds(step) * 2 ** doublings);
      }
    }
    expect(upperBoundSeconds(ZERO_BUCKET_INDEX)).toBe(ZERO_THRESHOLD_SECONDS);
    expect(() => upperBoundSeconds(INDEX_MAX + 1)).toThrow(RangeError);
    expect(SCHEMA).toBe(4);
  });

  it("put every native bucket whole inside one classic bucket", () => {
    expect(Math.log2(CLASSIC_BOUNDS_SECONDS[0] ?? 0)).toBe(-11);
    expect(CLASSIC_BOUNDS_SECONDS).toContain(4);
    expect(CLASSIC_BOUNDS_SECONDS.every((bound) => Number.isInteger(Math.log2(bound)))).toBe(true);
    for (let index = ZERO_BUCKET_INDEX; index <= INDEX_MAX; index++) {
      const upper = upperBoundSeconds(index);
      const classic = CLASSIC_BOUNDS_SECONDS.findIndex((bound) => upper <= bound);
      expect(classicBucket(index)).toBe(classic === -1 ? CLASSIC_BOUNDS_SECONDS.length : classic);
    }
  });
});

describe("BucketCounts", () => {
  const counts = fc.dictionary(
    fc.integer({ min: ZERO_BUCKET_INDEX, max: INDEX_MAX }).map(String),
    fc.integer({ min: 1, max: 2 ** 40 }),
    { maxKeys: 200 },
  );

  it("merges two histograms into the histogram of both", () => {
    fc.assert(
      fc.property(fc.array(durationUs), fc.array(durationUs), (left, right) => {
        const merged = histogramOf(left);
        merged.addJson(histogramOf(right).toJson());
        expect(merged.toJson()).toBe(histogramOf([...left, ...right]).toJson());
        expect(merged.total).toBe(left.length + right.length);
      }),
    );
  });

  it("reads what JSON.stringify writes, and writes what JSON.parse reads", () => {
    fc.assert(
      fc.property(counts, (stored) => {
        const buckets = new BucketCounts();
        buckets.addJson(JSON.stringify(stored));
        expect(JSON.parse(buckets.toJson())).toEqual({ ...stored });
        const ascending = Object.keys(stored)
          .map(Number)
          .filter((index) => index !== ZERO_BUCKET_INDEX)
          .sort((a, b) => a - b);
        expect(buckets.sparse()).toEqual({
          indexes: ascending,
          counts: ascending.map((index) => stored[index]),
          zeroCount: stored[ZERO_BUCKET_INDEX] ?? 0,
        });
      }),
    );
  });

  it("is as new after clear", () => {
    const reused = new BucketCounts();
    fc.assert(
      fc.property(counts, (stored) => {
        const fresh = new BucketCounts();
        fresh.addJson(JSON.stringify(stored));
        reused.clear();
        expect([reused.total, reused.toJson()]).toEqual([0, "{}"]);
        reused.addJson(JSON.stringify(stored));
        expect([reused.total, reused.toJson()]).toEqual([fresh.total, fresh.toJson()]);
      }),
    );
  });

  it.each([
    "",
    "{",
    "}",
    "null",
    "[]",
    " {}",
    "{} ",
    "{}{}",
    '{"1":2',
    '{"1":2,}',
    '{,"1":2}',
    '{"1":2 }',
    '{"1":2} ',
    '{"1":2}}',
    '{"1": 2}',
    '{"1":0}',
    '{"1":-2}',
    '{"1":2.5}',
    '{"1":2e3}',
    '{"1":02}',
    '{"1":null}',
    '{"1":"2"}',
    '{"1":}',
    '{"":2}',
    '{"-":2}',
    '{"-0":2}',
    '{"+1":2}',
    '{"01":2}',
    '{"a":2}',
    '{"1":2;"3":4}',
    "{1:2}",
    '{"321":1}',
    '{"-321":1}',
    '{"1":2,"1":3}',
    '{"1":9007199254740992}',
    '{"1":99999999999999999999999}',
  ])("refuses the stored text %j whole", (text) => {
    const buckets = new BucketCounts();
    buckets.add(7, 1);
    expect(() => buckets.addJson(text)).toThrow(SyntaxError);
    expect([buckets.total, buckets.toJson()]).toEqual([1, '{"7":1}']);
    buckets.addJson('{"1":2}');
    expect(buckets.total).toBe(3);
  });

  it("refuses an index or a count that no histogram has", () => {
    const buckets = new BucketCounts();
    for (const index of [-321, 321, 0.5, Number.NaN]) {
      expect(() => buckets.add(index, 1)).toThrow(RangeError);
    }
    for (const count of [0, -1, 0.5, Number.NaN]) {
      expect(() => buckets.add(0, count)).toThrow(RangeError);
    }
  });
});

describe("quantileSeconds", () => {
  const random = generator(20_261_122);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const distributions: Record<string, () => number> = {
    uniform: () => random() * 2e6,
    "log-normal": () => Math.exp(10 + 1.2 * normal()),
    bimodal: () => (random() < 0.7 ? 2_000 + 100 * normal() : 3e6 + 2e5 * normal()),
    "heavy tail": () => 500 / (1 - random()) ** 1.5,
  };

  it.each(Object.keys(distributions))("is at most 2.2 percent off: %s", (name) => {
    const draw = distributions[name]!;
    const durations = Array.from({ length: 20_000 }, () =>
      Math.min(Math.max(Math.round(draw()), 0), 86_400_000_000),
    ).sort((a, b) => a - b);
    const buckets = histogramOf(durations);
    const [minUs, maxUs] = [durations.at(0)!, durations.at(-1)!];
    for (const q of [0, 0.001, 0.01, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999, 1]) {
      const exact = durations[Math.max(Math.ceil(q * durations.length), 1) - 1]! / 1e6;
      for (const found of [buckets.quantileSeconds(q), buckets.quantileSeconds(q, minUs, maxUs)]) {
        expect(Math.abs(found - exact) / exact).toBeLessThanOrEqual(RELATIVE_ERROR_MAX + 1e-12);
      }
    }
  });

  it("takes the nearest rank, not one beside it", () => {
    const buckets = new BucketCounts();
    buckets.addJson('{"0":19,"160":1}');
    expect(buckets.quantileSeconds(0.95)).toBe(2 ** (-0.5 / 16));
    expect(buckets.quantileSeconds(0.951)).toBe(2 ** (159.5 / 16));
  });

  it("is NaN when empty, and zero in the zero bucket", () => {
    const buckets = new BucketCounts();
    expect(buckets.quantileSeconds(0.5)).toBeNaN();
    buckets.add(ZERO_BUCKET_INDEX, 3);
    expect(buckets.quantileSeconds(0.99)).toBe(0);
  });

  it("stays within a known minimum and maximum", () => {
    const buckets = histogramOf([1_000_000]);
    expect(buckets.quantileSeconds(0.5)).toBeLessThan(1);
    expect(buckets.quantileSeconds(0.5, 1_000_000, 1_000_000)).toBe(1);
  });

  it("refuses a quantile that is none", () => {
    for (const q of [-0.1, 1.1, Number.NaN]) {
      expect(() => new BucketCounts().quantileSeconds(q)).toThrow(RangeError);
    }
  });
});
