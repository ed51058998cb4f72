import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bucketIndex, INDEX_MAX, ZERO_BUCKET_INDEX } from "#formats/exponential-histogram.ts";
import {
  durationRangeMs,
  HALF_OCTAVE_MAX,
  HALF_OCTAVE_MIN,
  halfOctaveBounds,
  halfOctaveOf,
  halfOctavesBetween,
} from "#formats/half-octave.ts";

const DURATION_US_MAX = 86_400_000_000;
const durationsUs = fc.oneof(
  fc.integer({ min: 0, max: 5_000 }),
  fc.integer({ min: 0, max: DURATION_US_MAX }),
);

describe("a half-octave", () => {
  it("is eight buckets of the histogram, and the zero bucket is the lowest's", () => {
    expect(halfOctaveOf(ZERO_BUCKET_INDEX)).toBe(HALF_OCTAVE_MIN);
    expect(halfOctaveOf(INDEX_MAX)).toBe(HALF_OCTAVE_MAX);
    expect([-8, -7, 0, 1, 8, 9].map(halfOctaveOf)).toEqual([-2, -1, -1, 0, 0, 1]);
  });

  it("holds a duration if and only if the list's range of it does", () => {
    fc.assert(
      fc.property(durationsUs, fc.integer({ min: -2, max: 2 }), (durationUs, off) => {
        const own = halfOctaveOf(bucketIndex(durationUs));
        const bucket = Math.max(HALF_OCTAVE_MIN, own + off);
        const { min_duration_ms, max_duration_ms } = durationRangeMs(bucket);
        const minUs = Math.round(min_duration_ms * 1e3);
        const maxUs = Math.round(max_duration_ms * 1e3);
        expect(minUs <= durationUs && durationUs <= maxUs).toBe(bucket === own);
        expect(max_duration_ms).toBeLessThanOrEqual(DURATION_US_MAX / 1e3);
        const [lower, upper] = halfOctaveBounds(own);
        expect(durationUs / 1e6).toBeGreaterThanOrEqual(lower);
        expect(durationUs / 1e6).toBeLessThanOrEqual(upper);
      }),
    );
  });

  it("is told to be between two durations where these hold all of it, and only then", () => {
    const whole = durationRangeMs(-10);
    const [minUs, maxUs] = [whole.min_duration_ms * 1e3, whole.max_duration_ms * 1e3];
    expect(halfOctavesBetween(minUs, maxUs)).toEqual({ from: -10, to: -10 });
    expect(halfOctavesBetween(0, DURATION_US_MAX)).toEqual({ from: HALF_OCTAVE_MIN, to: 32 });
    for (const [from, to] of [
      [minUs + 1, maxUs],
      [minUs - 1, maxUs],
      [minUs, maxUs - 1],
      [minUs, maxUs + 1],
    ] as const) {
      expect(halfOctavesBetween(from, to)).toBeNull();
    }
  });
});
