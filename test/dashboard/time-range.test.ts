import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  lastMs,
  rangeChanges,
  rangeOf,
  rangeProblem,
  resolve,
  type TimeRange,
} from "#dashboard/place/time-range.ts";

const NOW_MS = Date.UTC(2026, 10, 28, 14, 0);
const time = fc.integer({ min: 0, max: Date.UTC(9999, 0) });
const range: fc.Arbitrary<TimeRange> = fc.oneof(
  fc.record({
    kind: fc.constant("relative" as const),
    last: fc
      .tuple(fc.integer({ min: 1, max: 3000 }), fc.constantFrom("m", "h", "d"))
      .map((parts) => parts.join("")),
  }),
  fc
    .tuple(time, time)
    .filter(([a, b]) => a !== b)
    .map(([a, b]) => ({
      kind: "fixed" as const,
      fromMs: Math.min(a, b),
      toMs: Math.max(a, b),
    })),
  time.map((fromMs) => ({ kind: "fixed" as const, fromMs, toMs: null })),
);

function written(one: TimeRange): Map<string, string> {
  const changes = Object.entries(rangeChanges(one));
  return new Map(changes.filter((pair): pair is [string, string] => pair[1] !== null));
}

describe("a time range", () => {
  it("that is written into an address is read from it again", () => {
    fc.assert(
      fc.property(range, (one) => {
        expect(rangeProblem(written(one))).toBeNull();
        expect(rangeOf(written(one))).toEqual(one);
      }),
    );
  });

  it("that is relative ends now, whenever that is", () => {
    const query = new Map([["last", "15m"]]);
    expect(resolve(rangeOf(query), NOW_MS)).toEqual({ fromMs: NOW_MS - 900_000, toMs: NOW_MS });
    expect(resolve(rangeOf(query), NOW_MS + 5).toMs).toBe(NOW_MS + 5);
  });

  it("without a start is the hour before its end", () => {
    const query = new Map([["to", "2026-11-28T14:00:00Z"]]);
    expect(resolve(rangeOf(query), 0)).toEqual({ fromMs: NOW_MS - 3_600_000, toMs: NOW_MS });
  });

  it("takes a date for its start in UTC", () => {
    const query = new Map([["from", "2026-11-28"]]);
    expect(rangeOf(query)).toMatchObject({ fromMs: Date.UTC(2026, 10, 28) });
  });

  it.each([
    [{ last: "" }, "last is"],
    [{ last: "0h" }, "last is"],
    [{ last: "999999d" }, "last is"],
    [{ from: "yesterday" }, "from is"],
    [{ from: "2026-11-28T14:00:00Z", to: "2026-11-28T13:00:00Z" }, "from has to come before"],
  ])("that %o makes no sense of is the usual hour, and is told", (query, told) => {
    const given = new Map(Object.entries(query));
    expect(rangeProblem(given)).toContain(told);
    expect(rangeOf(given)).toEqual({ kind: "relative", last: "1h" });
  });

  it("counts in minutes, hours and days", () => {
    expect(["90m", "2h", "1d"].map(lastMs)).toEqual([5_400_000, 7_200_000, 86_400_000]);
  });
});

it("a range that ends as it begins is told as none", () => {
  const at = "2026-11-28T14:00:00Z";
  const query = (to: string) => new Map(Object.entries({ from: at, to }));
  expect(rangeProblem(query(at))).toBe("from has to come before to");
  expect(rangeProblem(query("2026-11-28T14:00:00.001Z"))).toBeNull();
});
