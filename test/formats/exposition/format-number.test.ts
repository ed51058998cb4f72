import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatBound, formatValue } from "#formats/exposition/format-number.ts";

/** OpenMetrics 1.0 "ABNF": `realnumber`. */
const REAL_NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

describe("formatValue", () => {
  it.each([
    [0, "0"],
    [-0, "0"],
    [1027, "1027"],
    [2 ** 53, "9007199254740992"],
    [1e-7, "1e-7"],
    [0.1, "0.1"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "+Inf"],
    [Number.NEGATIVE_INFINITY, "-Inf"],
  ])("writes %d as %s", (value, text) => {
    expect(formatValue(value)).toBe(text);
  });

  it("writes a real number of the OpenMetrics grammar for every finite double", () => {
    const finite = fc.double({ noDefaultInfinity: true, noNaN: true });
    fc.assert(
      fc.property(finite, (value) => {
        expect(formatValue(value)).toMatch(REAL_NUMBER);
      }),
    );
  });

  it("writes no dot and no exponent for an integer up to 2^53", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (count) => {
        expect(formatValue(count)).toMatch(/^\d+$/);
      }),
    );
  });
});

describe("formatBound", () => {
  /** The values listed under "Canonical Numbers", then ours; as Go's `%g` prints them. */
  it.each([
    [0, "0.0"],
    [0.001, "0.001"],
    [0.1, "0.1"],
    [1, "1.0"],
    [10, "10.0"],
    [1e-10, "1e-10"],
    [1e-9, "1e-09"],
    [1e-5, "1e-05"],
    [0.0001, "0.0001"],
    [100_000, "100000.0"],
    [1e6, "1e+06"],
    [1e10, "1e+10"],
    [2 ** -8, "0.00390625"],
    [2 ** -20, "9.5367431640625e-07"],
    [0.5, "0.5"],
    [64, "64.0"],
    [1_234_567, "1.234567e+06"],
    [123_456.5, "123456.5"],
    [1e100, "1e+100"],
    [Number.POSITIVE_INFINITY, "+Inf"],
  ])("writes %d as %s", (bound, text) => {
    expect(formatBound(bound)).toBe(text);
  });

  it("writes every finite double so that it reads back exactly", () => {
    const finite = fc.double({ noDefaultInfinity: true, noNaN: true });
    fc.assert(
      fc.property(finite, (bound) => {
        expect(Number(formatBound(bound))).toBe(bound + 0);
      }),
    );
  });
});
