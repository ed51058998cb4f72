/**
 * `limits.requests_per_minute`: a token bucket per org in each isolate. It sheds load where load
 * arrives and costs no round trip; it is no quota, for a busy org has many isolates and each counts
 * for itself, and an isolate that is replaced forgets.
 */
import type { Org } from "#orgs/org.ts";
import type { Principal } from "#orgs/principal.ts";
import { type Bucket, takeFromBucket } from "#orgs/token-bucket.ts";
import { fail } from "#platform/errors.ts";

const BUCKETS_MAX = 4_096;
const buckets = new Map<string, Bucket>();

/** Service tokens only: operators must get through to an org that floods. */
export function limitRate(principal: Principal, { org, limits }: Org, nowMs: number): void {
  if (limits.requestsPerMinute === null || principal.kind !== "service-token") return;
  const take = takeFromBucket(buckets.get(org), limits.requestsPerMinute, nowMs);
  if (!take.taken) fail({ kind: "too_many_requests", retryAfterSeconds: take.retryAfterSeconds });
  const [oldest] = buckets.keys();
  if (buckets.size >= BUCKETS_MAX && oldest !== undefined) buckets.delete(oldest);
  buckets.set(org, take.bucket);
}
