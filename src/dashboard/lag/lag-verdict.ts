/**
 * What makes an instance's calls arrive late. Arrival is by our clock and the end of a call by the instance's: a wait
 * and a clock that is wrong add up to one number, and differ in how it behaves.
 *
 *   clock ahead    some calls arrive before they end, which no wait can do
 *   clock behind   every call is late by about the same, the quickest too, in each step
 *   held up        some are late and some are not, or late at one time and not at another
 */
import type { Tone } from "#dashboard/parts/verdict.tsx";
import type { InstanceLag } from "./lag-answer.ts";

/** Batches of a few seconds are usual. */
const LATE_MS = 10_000;
/** A clock of milliseconds and a batch sent at once give a few by chance. */
const AHEAD_SHARE_MIN = 0.01;
const STEADY_RATIO_MAX = 1.3;
const STEADY_STEPS_MIN = 5;

export interface LagVerdict {
  readonly kind:
    | "in_time"
    | "held_up"
    | "was_held_up"
    | "clock_ahead"
    | "clock_behind"
    | "no_calls";
  readonly tone: Tone | "none";
  readonly words: string;
}

export function lagVerdict(lag: InstanceLag): LagVerdict {
  const calls = sum(lag.calls);
  if (calls === 0) return { kind: "no_calls", tone: "none", words: "no calls" };
  if (sum(lag.ahead) / calls >= AHEAD_SHARE_MIN) {
    return { kind: "clock_ahead", tone: "warn", words: "its clock is ahead" };
  }
  if (isSteadilyLate(lag)) {
    return {
      kind: "clock_behind",
      tone: "warn",
      words: "its clock is behind, or each call waits alike",
    };
  }
  const late = lag.p95_ms.map((ms) => ms !== null && ms >= LATE_MS);
  if (!late.includes(true)) return { kind: "in_time", tone: "good", words: "in time" };
  const lastWithCalls = lag.calls.findLastIndex((count) => count > 0);
  return late[lastWithCalls]
    ? { kind: "held_up", tone: "bad", words: "held up" }
    : { kind: "was_held_up", tone: "warn", words: "was held up" };
}

function isSteadilyLate({ p50_ms, p95_ms }: InstanceLag): boolean {
  const medians = p50_ms.filter((ms) => ms !== null);
  if (medians.length < STEADY_STEPS_MIN) return false;
  const least = Math.min(...medians);
  const most = Math.max(...p95_ms.filter((ms) => ms !== null));
  return least >= LATE_MS && most / least <= STEADY_RATIO_MAX;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((a, b) => a + b, 0);
}
