/** Days of the ledger's life, by the Date of a test's own isolate. */
import { afterEach, beforeEach, vi } from "vitest";

export const MINUTE_MS = 60_000;
export const DAY_MS = 1_440 * MINUTE_MS;
/** Day 0: an hour ahead of the clock that alarms go by, so that none goes off by itself. */
export const START_MS = Date.now() + 3_600_000;

export const setDay = (day: number) => vi.setSystemTime(START_MS + day * DAY_MS);

export const pass = (minutes: number) => vi.setSystemTime(Date.now() + minutes * MINUTE_MS);

/** Each test of the file begins on day 0. */
export function beginOnDayZero(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: START_MS });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}
