/**
 * `limits.requests_per_minute` and `limits.bytes_per_minute`: two token buckets a service token in each
 * isolate. They shed load where load arrives and cost no round trip; they are no quota, for a busy org has
 * many isolates and each counts for itself, and an isolate that is replaced forgets.
 */
import type { Org } from "#orgs/org.ts";
import type { Principal } from "#orgs/principal.ts";
import { type Bucket, refilled, secondsToToken, without } from "#orgs/token-bucket.ts";
import { fail } from "#platform/errors.ts";

interface Budget {
  requests: Bucket;
  bytes: Bucket;
}

/** By token. 4,096 of about 200 bytes each. */
const BUDGETS_MAX = 4_096;
const budgets = new Map<string, Budget>();

/** Takes a request from its token's budget, or refuses it; answers what takes the bytes of its body, as they are read. */
export function limitRate(principal: Principal, org: Org, nowMs: number): (bytes: number) => void {
  const key = budgetKeyOf(principal);
  if (key === null) return () => undefined;
  const taken = takeRequest(key, org, nowMs);
  return "onBytes" in taken ? taken.onBytes : fail({ kind: "too_many_requests", ...taken });
}

/** Service tokens only: operators must get through to an org that floods. */
export function budgetKeyOf(principal: Principal): string | null {
  return principal.kind === "service-token" ? principal.id : null;
}

export type TakenRequest = { onBytes: (bytes: number) => void } | { retryAfterSeconds: number };

/** Takes a request from the budget of that name, or says when there is one to take. */
export function takeRequest(key: string, { limits }: Org, nowMs: number): TakenRequest {
  const known = budgets.get(key);
  const requests = refilled(known?.requests, limits.requestsPerMinute, nowMs);
  const bytes = refilled(known?.bytes, limits.bytesPerMinute, nowMs);
  const retryAfterSeconds = Math.max(
    secondsToToken(requests, limits.requestsPerMinute),
    secondsToToken(bytes, limits.bytesPerMinute),
  );
  if (retryAfterSeconds > 0) return { retryAfterSeconds };
  const budget = known ?? { requests, bytes };
  budget.requests = without(requests, 1);
  budget.bytes = bytes;
  keep(key, budget);
  return {
    onBytes: (taken) => {
      budget.bytes = without(budget.bytes, taken);
    },
  };
}

/** Who was heard of longest ago makes room, and begins anew. */
function keep(token: string, budget: Budget): void {
  budgets.delete(token);
  const [oldest] = budgets.keys();
  if (budgets.size >= BUDGETS_MAX && oldest !== undefined) budgets.delete(oldest);
  budgets.set(token, budget);
}
