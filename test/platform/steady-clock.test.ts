import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ClockState, observeClock, waitsUntilMs } from "#platform/steady-clock.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.parse("2026-11-20T00:00:00Z");

function seen(timesMs: readonly number[]): ClockState | null {
  return timesMs.reduce<ClockState | null>(observeClock, null);
}

/** A tick each minute, for so many minutes. */
function minutes(count: number, fromMs = START_MS): number[] {
  return Array.from({ length: count + 1 }, (_, minute) => fromMs + minute * MINUTE_MS);
}

const isSettled = (timesMs: readonly number[]) => seen(timesMs)?.isSettled ?? false;

describe("A clock", () => {
  it("is believed after an hour of ticks, and not a minute earlier", () => {
    expect(isSettled(minutes(59))).toBe(false);
    expect(isSettled(minutes(60))).toBe(true);
    expect(waitsUntilMs(seen(minutes(59)))).toBe(START_MS + HOUR_MS);
    expect(waitsUntilMs(seen(minutes(60)))).toBeNull();
  });

  it("is not believed for two looks an hour apart: each has to come shortly after the one before", () => {
    expect(isSettled([START_MS, START_MS + HOUR_MS])).toBe(false);
    expect(isSettled(minutes(60).filter((_, minute) => minute % 10 === 0))).toBe(true);
    expect(isSettled(minutes(66).filter((_, minute) => minute % 11 === 0))).toBe(false);
  });

  it("that jumps by more than a day, or stood still for it, waits an hour from there", () => {
    for (const afterMs of [DAY_MS + 1, 400 * DAY_MS]) {
      const farMs = START_MS + HOUR_MS + afterMs;
      expect(isSettled([...minutes(60), farMs])).toBe(false);
      expect(isSettled([...minutes(60), ...minutes(59, farMs)])).toBe(false);
      expect(isSettled([...minutes(60), ...minutes(60, farMs)])).toBe(true);
    }
    expect(isSettled([...minutes(60), START_MS + HOUR_MS + DAY_MS])).toBe(true);
  });

  it("that falls waits an hour, but two machines may be a minute apart", () => {
    const endMs = START_MS + HOUR_MS;
    expect(isSettled([...minutes(60), endMs - MINUTE_MS])).toBe(true);
    expect(isSettled([...minutes(60), endMs - MINUTE_MS - 1])).toBe(false);
    expect(isSettled([...minutes(60), ...minutes(60, endMs - 90 * MINUTE_MS)])).toBe(true);
  });

  it("gains no more than a day by steps that are each shorter", () => {
    const steps = Array.from({ length: 40 }, (_, step) => START_MS + HOUR_MS + step * 23 * HOUR_MS);
    expect(isSettled([...minutes(60), ...steps.slice(0, 2)])).toBe(true);
    for (let count = 3; count <= steps.length; count += 1) {
      expect(isSettled([...minutes(60), ...steps.slice(0, count)])).toBe(false);
    }
  });
});

/** Steps of every kind: ticks, late ticks, gaps, jumps, falls. */
const step = fc.oneof(
  { weight: 60, arbitrary: fc.integer({ min: 1, max: 10 * MINUTE_MS }) },
  { weight: 3, arbitrary: fc.integer({ min: -2 * MINUTE_MS, max: 0 }) },
  { weight: 2, arbitrary: fc.integer({ min: 10 * MINUTE_MS, max: 25 * HOUR_MS }) },
  { weight: 1, arbitrary: fc.integer({ min: -400 * DAY_MS, max: 400 * DAY_MS }) },
);
const timesShown = fc.array(step, { minLength: 1, maxLength: 120 }).map((steps) => {
  let atMs = START_MS;
  return [atMs, ...steps.map((stepMs) => (atMs += stepMs))];
});

/** Places at which an hour of times ends, each shortly after the newest of the hour before it, and none far before. */
function steadyEnds(timesMs: readonly number[]): ReadonlySet<number> {
  const ends = new Set<number>();
  for (const [start, startMs] of timesMs.entries()) {
    let newestMs = startMs;
    for (let at = start; at < timesMs.length; at += 1) {
      const stepMs = timesMs[at]! - newestMs;
      if (stepMs < -MINUTE_MS || stepMs > 10 * MINUTE_MS) break;
      newestMs = Math.max(newestMs, timesMs[at]!);
      if (newestMs - startMs >= HOUR_MS) ends.add(at);
    }
  }
  return ends;
}

/** The third is ten minutes behind the first, which is newer than the second. */
const fallenByOneMs = [START_MS, START_MS - 1].concat(
  [10, 19, 28, 37, 46, 55, 64].map((minutes) => START_MS + minutes * MINUTE_MS),
);

describe("Whatever a clock shows, and in whatever order", () => {
  it("nothing may be deleted before an hour of it was steady", () => {
    fc.assert(
      fc.property(timesShown, (timesMs) => {
        const states = timesMs.map((_, at) => seen(timesMs.slice(0, at + 1))!);
        const first = states.findIndex((state) => state.isSettled);
        return first === -1 || steadyEnds(timesMs).has(first);
      }),
      {
        numRuns: 2_000,
        examples: [[fallenByOneMs]],
      },
    );
  });

  it("gaps that are forgiven come to a day at most, until another hour was steady", () => {
    const isHeld = (timesMs: readonly number[]) => {
      const ends = steadyEnds(timesMs);
      let gapsMs = 0;
      return timesMs.every((nowMs, at) => {
        const stepMs = nowMs - (timesMs[at - 1] ?? nowMs);
        if (stepMs > 10 * MINUTE_MS) gapsMs += stepMs;
        if (ends.has(at)) gapsMs = 0;
        return gapsMs <= DAY_MS || !isSettled(timesMs.slice(0, at + 1));
      });
    };
    fc.assert(fc.property(timesShown, isHeld), { numRuns: 2_000 });
  });

  it("doubled ticks change nothing", () => {
    fc.assert(
      fc.property(timesShown, (timesMs) => {
        const doubled = timesMs.flatMap((nowMs) => [nowMs, nowMs, nowMs]);
        expect(seen(doubled)).toEqual(seen(timesMs));
      }),
    );
  });

  it("an hour of honest ticks later deletion goes on", () => {
    fc.assert(
      fc.property(timesShown, (timesMs) => isSettled([...timesMs, ...minutes(61, timesMs.at(-1))])),
    );
  });
});
