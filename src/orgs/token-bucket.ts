/**
 * A token bucket: a minute's worth at once, then more as the rate earns it. It may be overdrawn, for what a
 * request costs is known when it has been read; nothing is taken from it until the debt is earned. Pure; where
 * it lives decides what it means (src/orgs/http/limit-rate.ts).
 */
import { MINUTE_MS } from "#platform/time.ts";

export interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

/**
 * The bucket now; full if there was none. A clock that steps back earns nothing, and a lowered rate takes
 * effect at once.
 */
export function refilled(bucket: Bucket | undefined, perMinute: number, nowMs: number): Bucket {
  if (bucket === undefined) return { tokens: perMinute, atMs: nowMs };
  const earned = (Math.max(0, nowMs - bucket.atMs) * perMinute) / MINUTE_MS;
  return { tokens: Math.min(perMinute, bucket.tokens + earned), atMs: nowMs };
}

export function without({ tokens, atMs }: Bucket, taken: number): Bucket {
  return { tokens: tokens - taken, atMs };
}

/** Whole seconds until there is a token to take; 0 if there is one. */
export function secondsToToken({ tokens }: Bucket, perMinute: number): number {
  if (tokens >= 1) return 0;
  return Math.ceil(((1 - tokens) * MINUTE_MS) / perMinute / 1_000);
}
