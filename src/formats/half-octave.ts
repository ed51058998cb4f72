/**
 * Half-octaves: eight neighbouring buckets of our histograms (exponential-histogram.ts) in one, which is OTel's
 * scale 1. They are what activity is kept in by the minute, and the rows of a heat map.
 *
 *   bucket i holds the durations in (2^(i/2), 2^((i+1)/2)] seconds; the first also what lies at or below 2^-20 s
 *
 * Each bound is one of the finer buckets, so what those count is counted here exactly.
 */
import {
  bucketIndex,
  INDEX_MAX,
  upperBoundSeconds,
  ZERO_BUCKET_INDEX,
} from "./exponential-histogram.ts";

const BUCKETS_PER_HALF_OCTAVE = 8;
const MICROSECONDS_PER_SECOND = 1e6;
/** The longest duration that a call may have: lists refuse to look for more. */
const DURATION_US_MAX = 86_400 * MICROSECONDS_PER_SECOND;

/** The half-octave that holds a bucket of schema 4. */
export function halfOctaveOf(bucket: number): number {
  return Math.floor((bucket - 1) / BUCKETS_PER_HALF_OCTAVE);
}

/** What lies at or below 2^-20 s: of whole microseconds zero alone. */
export const HALF_OCTAVE_MIN = halfOctaveOf(ZERO_BUCKET_INDEX);
export const HALF_OCTAVE_MAX = halfOctaveOf(INDEX_MAX);
export const HALF_OCTAVES = HALF_OCTAVE_MAX - HALF_OCTAVE_MIN + 1;

export interface DurationRange {
  min_duration_ms: number;
  max_duration_ms: number;
}

/**
 * The durations of a half-octave as the list of calls is asked for them, both bounds inclusive: exactly the calls
 * that the bucket counts. Bucket -39 holds no whole microsecond, and counts nothing: its minimum is above its maximum.
 */
export function durationRangeMs(halfOctave: number): DurationRange {
  const minUs = halfOctave === HALF_OCTAVE_MIN ? 0 : lastMicrosecond(halfOctave - 1) + 1;
  const maxUs = Math.min(lastMicrosecond(halfOctave), DURATION_US_MAX);
  return { min_duration_ms: minUs / 1e3, max_duration_ms: maxUs / 1e3 };
}

/** The half-octaves from the one that holds `minUs` to the one that holds `maxUs`. */
export interface HalfOctaveRange {
  from: number;
  to: number;
}

/** The half-octaves that hold exactly the durations from `minUs` to `maxUs`; null where a bound cuts one. */
export function halfOctavesBetween(minUs: number, maxUs: number): HalfOctaveRange | null {
  const from = halfOctaveOf(bucketIndex(minUs));
  const to = halfOctaveOf(bucketIndex(maxUs));
  const isFromWhole = minUs <= 0 || halfOctaveOf(bucketIndex(minUs - 1)) < from;
  const isToWhole = maxUs >= DURATION_US_MAX || halfOctaveOf(bucketIndex(maxUs + 1)) > to;
  return isFromWhole && isToWhole ? { from, to } : null;
}

/** The last whole microsecond of a half-octave. */
function lastMicrosecond(halfOctave: number): number {
  const bound = upperBoundSeconds((halfOctave + 1) * BUCKETS_PER_HALF_OCTAVE);
  return Math.floor(bound * MICROSECONDS_PER_SECOND);
}

/** A half-octave's bounds in seconds: what is in it is above the first and not above the second. */
export function halfOctaveBounds(halfOctave: number): readonly [number, number] {
  const lower = halfOctave === HALF_OCTAVE_MIN ? 0 : 2 ** (halfOctave / 2);
  return [lower, 2 ** ((halfOctave + 1) / 2)];
}
