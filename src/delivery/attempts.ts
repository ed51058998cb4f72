/** Sending again: at once what may well be taken then, later what may not. */
import { backOffMs, RETRYABLE_STATUSES } from "#platform/outgoing/back-off.ts";
import { type FailedPost, type Post, type PostResult, post } from "#platform/outgoing/post.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "#platform/time.ts";
import { tracedFetch } from "#tracing/traced-fetch.ts";

const ATTEMPTS_MAX = 3;
/**
 * Waits between attempts in a row. A receiver that asks for more than the longest is sent to again by a
 * later tick.
 */
const AT_ONCE = { firstMs: 500, maxMs: 5 * SECOND_MS };
const LATER = { firstMs: 15 * SECOND_MS, maxMs: 15 * MINUTE_MS };
const RETRY_AFTER_MS_MAX = HOUR_MS;

/** Makes at most three attempts in a row, none begun after `overMs`, and says how the last one went. */
export async function postPatiently(request: Post, overMs: number): Promise<PostResult> {
  for (let attempt = 1; ; attempt++) {
    const result = await post(request, (sent) => tracedFetch(sent));
    if (result.kind === "taken" || !isWorthRetrying(result) || attempt === ATTEMPTS_MAX) {
      return result;
    }
    const delayMs = result.retryAfterMs ?? Math.round(backOffMs(AT_ONCE, attempt - 1));
    if (delayMs > AT_ONCE.maxMs || Date.now() + delayMs > overMs) return result;
    await new Promise((resolve) => setTimeout(resolve, delayMs));
  }
}

/** A receiver that does not answer would take the whole tick; 408 says that the request came too slowly. */
function isWorthRetrying({ fault, status }: FailedPost): boolean {
  if (fault === "status") return status === 408 || RETRYABLE_STATUSES.has(status ?? 0);
  return fault === "unreachable";
}

/**
 * The wait that a receiver asks for, within an hour; else twice as long each time, up to a quarter of an
 * hour.
 */
export function retryDelayMs(failures: number, retryAfterMs: number | null): number {
  if (retryAfterMs !== null) return Math.min(retryAfterMs, RETRY_AFTER_MS_MAX);
  return Math.round(backOffMs(LATER, failures));
}
