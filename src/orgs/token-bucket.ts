/**
 * A token bucket: a minute's worth of requests at once, then one whenever the rate earns it. Pure;
 * where it lives decides what it means (src/orgs/http/limit-rate.ts).
 */
import { MINUTE_MS } from "#platform/time.ts";
export interface Bucket {
  tokens: number;
  atMs: number;
}

export type Take = { taken: true; bucket: Bucket } | { taken: false; retryAfterSeconds: number };

export function takeFromBucket(bucket: Bucket | undefined, perMinute: number, nowMs: number): Take {
  const tokens = refill(bucket ?? { tokens: perMinute, atMs: nowMs }, perMinute, nowMs);
  if (tokens >= 1) return { taken: true, bucket: { tokens: tokens - 1, atMs: nowMs } };
  const waitMs = ((1 - tokens) * MINUTE_MS) / perMinute;
  return { taken: false, retryAfterSeconds: Math.ceil(waitMs / 1_000) };
}

/** A clock that steps back earns nothing, and a lowered rate takes effect at once. */
function refill({ tokens, atMs }: Bucket, perMinute: number, nowMs: number): number {
  const earned = (Math.max(0, nowMs - atMs) * perMinute) / MINUTE_MS;
  return Math.min(perMinute, tokens + earned);
}
