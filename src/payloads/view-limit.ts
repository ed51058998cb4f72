/**
 * Views a token may have a minute, in each isolate: a person reads slower. It keeps a stolen token from reading on at
 * the pace of a program; what it read stands in the ledger.
 */
import { type Bucket, refilled, secondsToToken, without } from "#orgs/token-bucket.ts";
import { fail } from "#platform/errors.ts";

export const VIEWS_PER_MINUTE = 60;
const VIEWERS_MAX = 1_024;
const viewers = new Map<string, Bucket>();

/** Takes a view of that token, or refuses it. */
export function limitViews(tokenId: string, nowMs: number): void {
  const bucket = refilled(viewers.get(tokenId), VIEWS_PER_MINUTE, nowMs);
  const retryAfterSeconds = secondsToToken(bucket, VIEWS_PER_MINUTE);
  if (retryAfterSeconds > 0) fail({ kind: "too_many_requests", retryAfterSeconds });
  viewers.delete(tokenId);
  const [oldest] = viewers.keys();
  if (viewers.size >= VIEWERS_MAX && oldest !== undefined) viewers.delete(oldest);
  viewers.set(tokenId, without(bucket, 1));
}
