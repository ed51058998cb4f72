/**
 * How long calls took to arrive: arrival minus end. Below zero is no queue but a clock that is ahead, which is
 * counted by itself: by the histogram alone it would look like a call that came at once.
 */
import { BucketCounts, bucketIndex, ZERO_BUCKET_INDEX } from "#formats/exponential-histogram.ts";
import { MINUTE_MS } from "#platform/time.ts";

/** [calls, calls that arrived before their end, {"bucket": calls}] */
export type StoredLag = readonly [
  calls: number,
  ahead: number,
  buckets: Readonly<Record<string, number>>,
];

/** Four of our buckets in one, the second of them standing for all: a quantile is at most 11 % off. */
const BUCKETS_MERGED = 4;

export class LagTally {
  calls = 0;
  ahead = 0;
  readonly buckets = new Map<number, number>();

  /** `bucket` is one of our histogram's; that of a call that arrived before its end is the zero bucket. */
  add(bucket: number, count: number, isAhead: boolean): void {
    const merged = mergedBucket(bucket);
    this.calls += count;
    if (isAhead) this.ahead += count;
    this.buckets.set(merged, (this.buckets.get(merged) ?? 0) + count);
  }

  addLagUs(lagUs: number): void {
    this.add(bucketIndex(Math.max(0, lagUs)), 1, lagUs < 0);
  }

  addStored([calls, ahead, buckets]: StoredLag): void {
    this.calls += calls;
    this.ahead += ahead;
    for (const [key, count] of Object.entries(buckets)) {
      const bucket = Number(key);
      this.buckets.set(bucket, (this.buckets.get(bucket) ?? 0) + count);
    }
  }

  merge(other: LagTally): void {
    this.addStored(other.stored());
  }

  stored(): StoredLag {
    return [this.calls, this.ahead, Object.fromEntries(this.buckets)];
  }

  /** Null without calls. */
  quantileMs(quantile: number): number | null {
    if (this.calls === 0) return null;
    const counts = new BucketCounts();
    for (const [bucket, count] of this.buckets) counts.add(bucket, count);
    return Math.round(counts.quantileSeconds(quantile) * 1e6) / 1e3;
  }
}

function mergedBucket(bucket: number): number {
  if (bucket === ZERO_BUCKET_INDEX) return bucket;
  return Math.floor((bucket - 1) / BUCKETS_MERGED) * BUCKETS_MERGED + 2;
}

/** Minute since the epoch → the calls that began in it. */
export type LagMinutes = Map<number, LagTally>;

export function lagOfMinute(minutes: LagMinutes, minute: number): LagTally {
  let tally = minutes.get(minute);
  if (tally === undefined) {
    tally = new LagTally();
    minutes.set(minute, tally);
  }
  return tally;
}

export function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS);
}
