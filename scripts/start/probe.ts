import { setTimeout as sleep } from "node:timers/promises";
import type { WranglerDev } from "./wrangler-dev.ts";

const readyWithinMs = 120_000;
const readyPollMs = 250;
const alivePollMs = 1_000;
/** Longer than any single piece of work that holds the Worker's one thread. */
const answerWithinMs = 5_000;
/** A runtime that restarted well answers at once; measured: 0.6 s with the restart. */
const answerAfterCrashWithinMs = 2_000;
const strikesMax = 3;

interface Answer {
  status: number;
  text: string;
}

/** Returns once /readyz answers 200; throws with the reason when that will not happen. */
export async function untilReady(dev: WranglerDev, base: string, signal: AbortSignal) {
  const deadline = Date.now() + readyWithinMs;
  for (;;) {
    const answer = await get(`${base}/readyz`, answerWithinMs, signal);
    if (answer.status === 200) return;
    if (dev.hasEnded) throw new Error("wrangler dev ended before it served");
    // No waiting heals a bad secret: the answer names the setting.
    const hopeless = answer.text.includes('"misconfigured"') || Date.now() > deadline;
    if (hopeless) throw new Error(`the Worker does not get ready: ${describe(answer)}`);
    await sleep(readyPollMs, undefined, { signal });
  }
}

/** Returns why the Worker stopped serving. A slow answer is forgiven more often than a crash. */
export async function untilBroken(dev: WranglerDev, base: string, signal: AbortSignal) {
  for (let strikes = 0; !dev.hasEnded; ) {
    const withinMs = dev.runtimeCrashed ? answerAfterCrashWithinMs : answerWithinMs;
    const answer = await get(`${base}/healthz`, withinMs, signal);
    strikes = isForgiven(dev, answer) ? 0 : strikes + 1;
    if (strikes >= (dev.runtimeCrashed ? 1 : strikesMax)) return `/healthz: ${describe(answer)}`;
    await sleep(alivePollMs, undefined, { signal });
  }
  return "wrangler dev ended";
}

function isForgiven(dev: WranglerDev, answer: Answer): boolean {
  if (answer.status === 200) dev.runtimeCrashed = false;
  return answer.status === 200 || dev.buildBroken;
}

/** Status 0, and the reason as text, where there is no answer. */
async function get(url: string, withinMs: number, signal: AbortSignal): Promise<Answer> {
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(withinMs)]);
    const response = await fetch(url, { signal: within });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    signal.throwIfAborted();
    return { status: 0, text: fetchFailure(error) };
  }
}

/** Node says `fetch failed` and hides the reason in `cause`. */
export function fetchFailure(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error ? cause.message : message;
}

function describe({ status, text }: Answer): string {
  return status === 0 ? text : `${status} ${text.slice(0, 500)}`;
}
