import { setTimeout as sleep } from "node:timers/promises";
import type { Runtime } from "./runtime.ts";

const minuteMs = 60_000;
/** A timer may fire a little early: then the coming minute is the one it was meant for. */
const earlyMs = 1_000;
/** The only trigger that is known here; another would need its expression read. */
const eachMinute = "* * * * *";

/**
 * Does what the platform does on a deployment: one tick on every full minute, for as long as this run of
 * the Worker lasts. Ticks that were missed are not made up for: each carries on where the last one stopped.
 * One that failed is printed.
 */
export async function driveCron(
  runtime: Runtime,
  crons: string[],
  stop: AbortSignal,
): Promise<void> {
  if (!crons.includes(eachMinute)) return;
  const signal = AbortSignal.any([stop, runtime.ended]);
  while (!signal.aborted) {
    await sleep(untilNextMinuteMs(Date.now()), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    // Of the minute that it is now: a machine that slept wakes up in another one.
    const scheduledTimeMs = minuteOf(Date.now() + earlyMs);
    const failure = await runtime.tick({ cron: eachMinute, scheduledTimeMs });
    if (failure === null || signal.aborted) continue;
    console.error(`cron tick ${new Date(scheduledTimeMs).toISOString()} failed: ${failure}`);
  }
}

function untilNextMinuteMs(nowMs: number): number {
  return minuteOf(nowMs + earlyMs) + minuteMs - nowMs;
}

function minuteOf(timeMs: number): number {
  return Math.floor(timeMs / minuteMs) * minuteMs;
}
