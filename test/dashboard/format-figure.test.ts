import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatAge,
  formatBytes,
  formatCount,
  formatCounted,
  formatDuration,
  formatShare,
  formatTime,
  UNKNOWN,
  zoneName,
} from "#dashboard/parts/format-figure.ts";

describe("a figure", () => {
  it("that is not known is a dash, and no zero", () => {
    expect([formatCount(null), formatDuration(null), formatShare(null), formatBytes(null)]).toEqual(
      Array.from({ length: 4 }, () => UNKNOWN),
    );
    expect(formatShare(0 / 0)).toBe(UNKNOWN);
  });

  it("of one is said in the singular", () => {
    const told = [0, 1, 12_345].map((count) => formatCounted(count, "entry", "entries"));
    expect(told).toEqual(["0 entries", "1 entry", "12,345 entries"]);
    expect(formatCounted(1, "call")).toBe("1 call");
  });

  it.each([
    [0, "0 ms"],
    [0.0004, "< 0.001 ms"],
    [0.042, "0.042 ms"],
    [84.25, "84.3 ms"],
    [999.7, "1 s"],
    [12_345, "12.3 s"],
    [59_999, "1 min"],
    [125_000, "2 min 5 s"],
    [3_599_999, "1 h"],
    [12_000_000, "3 h 20 min"],
    [86_399_999, "1 d"],
    [367_000_000, "4 d 6 h"],
    [-84.2, "−84.2 ms"],
  ])("of %d ms reads %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it.each([
    [0, "0 %"],
    [0.00001, "< 0.01 %"],
    [0.0123, "1.23 %"],
    [0.5, "50 %"],
    [0.9999, "> 99.9 %"],
    [1, "100 %"],
  ])("a share of %d reads %s", (share, text) => {
    expect(formatShare(share)).toBe(text);
  });

  it("never reads as nothing where there is something, nor as all where it is not", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 1, maxExcluded: true, noNaN: true }), (share) => {
        expect(formatShare(share)).not.toMatch(/^(0 %|100 %)$/);
      }),
    );
  });

  it("of a time is of the zone that one reads in", () => {
    const ms = Date.UTC(2026, 10, 28, 14, 5, 9, 123);
    expect(formatTime(ms, "utc", "ms")).toBe("2026-11-28 14:05:09.123");
    expect(zoneName(ms, "utc")).toBe("UTC");
  });

  it("of an age has one unit, and none is below zero", () => {
    expect([-5, 3_000, 200_000, 9e6, 9e8].map(formatAge)).toEqual([
      "0 s",
      "3 s",
      "3 min",
      "2 h",
      "10 d",
    ]);
  });

  it("of bytes is in powers of 1024", () => {
    expect([0, 1023, 4200, 5e9].map(formatBytes)).toEqual(["0 B", "1023 B", "4.1 KiB", "4.66 GiB"]);
  });
});
