import { setTimeout as sleep } from "node:timers/promises";
import { fetchFailure } from "./probe.ts";

const minuteMs = 60_000;
/** A timer may fire a little early: then the coming minute is the one it was meant for. */
const earlyMs = 1_000;
/** What the platform gives a cron invocation. */
const tickWithinMs = 15 * minuteMs;

/**
 * Does what the platform does on a deployment, since `wrangler dev` fires no cron: one tick on every
 * full minute, until the signal. A tick that failed is printed; the next one carries its work on.
 */
export async function driveCron(base: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const tick = nextMinute(Date.now() + earlyMs);
    const failure = await runTick(base, tick, signal).catch(fetchFailure);
    if (failure === null || signal.aborted) continue;
    console.error(`cron tick ${new Date(tick).toISOString()} failed: ${failure}`);
  }
}

function nextMinute(now: number): number {
  return (Math.floor(now / minuteMs) + 1) * minuteMs;
}

/** wrangler answers 200 and `ok`, or 500 and `exception` where the handler threw. */
async function runTick(base: string, tick: number, signal: AbortSignal): Promise<string | null> {
  await sleep(tick - Date.now(), undefined, { signal });
  const within = AbortSignal.any([signal, AbortSignal.timeout(tickWithinMs)]);
  const url = `${base}/cdn-cgi/local/scheduled?cron=*+*+*+*+*&time=${tick}`;
  const response = await fetch(url, { signal: within });
  const outcome = await response.text();
  return response.status === 200 ? null : `${response.status} ${outcome.slice(0, 500)}`;
}
