/**
 * Whether a clock may be deleted by. What a clock that was wrong for a moment deletes never comes back, so a
 * clock is believed only once it has moved as time does for an hour: seen again and again, each time shortly
 * after the one before. A jump or a gap of more than a day ends that, and so does a fall. An hour is enough
 * for somebody to notice, and costs nothing: what has expired may leave later.
 *
 * A store's first look at a clock counts as a jump: a new store has nothing that could have expired, and one
 * that is older than this rule waits the hour.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from "./time.ts";

export interface ClockState {
  /** The newest time seen. */
  readonly newestMs: number;
  /** Since when each time seen came shortly after the one before. */
  readonly steadySinceMs: number;
  /** What has expired by this clock may be deleted. */
  readonly isSettled: boolean;
}

/** Two looks are close if they are no further apart: ticks come each minute, and a few may be missed. */
const CLOSE_MS = 10 * MINUTE_MS;
const JUMP_MS = DAY_MS;
/** How far two machines' clocks differ, and how late a tick may come: no more than that is a fall. */
const FALL_MS = MINUTE_MS;
const SETTLING_MS = HOUR_MS;

/** The state after the clock showed `nowMs`. */
export function observeClock(before: ClockState | null, nowMs: number): ClockState {
  const anew = { newestMs: nowMs, steadySinceMs: nowMs, isSettled: false };
  if (before === null) return anew;
  const stepMs = nowMs - before.newestMs;
  if (stepMs < -FALL_MS || stepMs > JUMP_MS) return anew;
  // A shorter gap is forgiven, but not a second one before another hour has gone well: steps of 23 hours
  // would add up to any time.
  if (stepMs > CLOSE_MS) return { ...anew, isSettled: before.isSettled && hasAgreed(before) };
  const after = { ...before, newestMs: Math.max(before.newestMs, nowMs) };
  return { ...after, isSettled: before.isSettled || hasAgreed(after) };
}

function hasAgreed({ newestMs, steadySinceMs }: ClockState): boolean {
  return newestMs - steadySinceMs >= SETTLING_MS;
}

/** How often a clock that is looked at all the time is written down: half of what is close. */
export const LOOK_MS = CLOSE_MS / 2;

/** Whether a look tells enough to be written down: a row every few minutes, and not one a tick. */
export function isNews(before: ClockState | null, after: ClockState): boolean {
  return (
    before === null ||
    before.isSettled !== after.isSettled ||
    before.steadySinceMs !== after.steadySinceMs ||
    after.newestMs - before.newestMs >= LOOK_MS
  );
}

/** Until when deletion waits if the clock goes on as it does; null where it waits for nothing. */
export function waitsUntilMs(state: ClockState | null): number | null {
  if (state === null || state.isSettled) return null;
  return state.steadySinceMs + SETTLING_MS;
}
