/** Sending again: at once what may well be taken then, later what may not. */
import { type Post, type PostResult, post } from "./post.ts";

const ATTEMPTS_MAX = 3;
const FIRST_DELAY_MS = 500;
/** A receiver that asks for more waits for the next tick. */
const DELAY_MS_MAX = 5_000;
const BACK_OFF = { firstMs: 15_000, maxMs: 15 * 60_000, doublings: 6 };
const RETRY_AFTER_MS_MAX = 60 * 60_000;

/** At most three attempts in a row, none begun after `overMs`; then how the last one went. */
export async function postPatiently(request: Post, overMs: number): Promise<PostResult> {
  for (let attempt = 1; ; attempt++) {
    const result = await post(request);
    if (result.kind === "taken" || !result.isRetryable || attempt === ATTEMPTS_MAX) return result;
    const delayMs = result.retryAfterMs ?? jittered(FIRST_DELAY_MS * 2 ** (attempt - 1));
    if (delayMs > DELAY_MS_MAX || Date.now() + delayMs > overMs) return result;
    await new Promise((resolve) => setTimeout(resolve, delayMs));
  }
}

/** What a receiver asks for, within an hour; else twice as long each time, up to a quarter of one. */
export function retryDelayMs(failures: number, retryAfterMs: number | null): number {
  if (retryAfterMs !== null) return Math.min(retryAfterMs, RETRY_AFTER_MS_MAX);
  const { firstMs, maxMs, doublings } = BACK_OFF;
  return jittered(Math.min(firstMs * 2 ** Math.min(failures, doublings), maxMs));
}

/** Half of it at least: many orgs may share a receiver. */
function jittered(delayMs: number): number {
  return Math.round(delayMs * (0.5 + Math.random() / 2));
}
