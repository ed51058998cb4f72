/**
 * How often one may try to sign in: buckets in each isolate, as limit-rate.ts has them. Guessing a service token is
 * hopeless at any rate (256 bits); the administrator's is as long as an operator chose, eight characters at least.
 */
import { type Bucket, refilled, secondsToToken, without } from "#orgs/token-bucket.ts";
import { fail } from "#platform/errors.ts";

/** People mistype and paste the wrong line a few times a minute; no more is theirs. */
const FAILED_PER_MINUTE = 10;
/** Of one token: each is a row and an entry of the ledger. */
const MADE_PER_MINUTE = 60;
const BUCKETS_MAX = 4_096;
const buckets = new Map<string, Bucket>();

/** Of IPv6 the first half: the other is its owner's to choose, as often as it likes. */
export function networkOf(address: string | undefined): string {
  const groups = (address ?? "").split(":");
  return groups.length < 3 ? groups[0]! : groups.slice(0, 4).join(":");
}

/** An attempt that failed, from one address; a session made, with one token. */
export interface SignInCount {
  readonly kind: "failed" | "made";
  readonly of: string;
}

/** Refuses who has tried too often. It takes nothing: only what failed is counted, or was made. */
export function requireSignInsLeft(count: SignInCount, nowMs: number): void {
  const retryAfterSeconds = secondsToToken(bucketOf(count, nowMs), perMinuteOf(count));
  if (retryAfterSeconds > 0) fail({ kind: "too_many_sign_ins", retryAfterSeconds });
}

/** Who was heard of longest ago makes room, and begins anew. */
export function countSignIn(count: SignInCount, nowMs: number): void {
  const bucket = bucketOf(count, nowMs);
  buckets.delete(keyOf(count));
  const [oldest] = buckets.keys();
  if (buckets.size >= BUCKETS_MAX && oldest !== undefined) buckets.delete(oldest);
  buckets.set(keyOf(count), without(bucket, 1));
}

function bucketOf(count: SignInCount, nowMs: number): Bucket {
  return refilled(buckets.get(keyOf(count)), perMinuteOf(count), nowMs);
}

function perMinuteOf({ kind }: SignInCount): number {
  return kind === "failed" ? FAILED_PER_MINUTE : MADE_PER_MINUTE;
}

function keyOf({ kind, of }: SignInCount): string {
  return `${kind} ${of}`;
}
