import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatOtMember,
  type OtMember,
  parseOtMember,
  SAMPLING_RANGE,
} from "#formats/trace-context/ot-member.ts";
import { mutationOf } from "../tlog/mutation.ts";
import { anyText } from "./arbitraries.ts";

const NOTHING: OtMember = { threshold: null, randomness: null, others: [] };

const bits = fc.bigInt({ min: 0n, max: SAMPLING_RANGE - 1n });
/** Thresholds of few digits are the usual ones. */
const threshold = fc.oneof(
  bits,
  fc
    .tuple(fc.bigInt({ min: 0n, max: 0xfffn }), fc.integer({ min: 0, max: 44 }))
    .map(([digits, shift]) => digits << BigInt(shift)),
);
const otMember: fc.Arbitrary<OtMember> = fc.record({
  threshold: fc.option(threshold),
  randomness: fc.option(bits),
  others: fc.uniqueArray(fc.stringMatching(/^[a-q][a-z0-9]{0,4}:[A-Za-z0-9._-]{0,6}$/), {
    selector: (text) => text.split(":")[0],
    maxLength: 9,
  }),
});

describe("the ot member", () => {
  it.each<[string, Partial<OtMember>]>([
    ["th:0", { threshold: 0n }],
    ["th:c", { threshold: 0xc0000000000000n }],
    ["th:fd70a4", { threshold: 0xfd70a400000000n }],
    ["th:028f5c", { threshold: 0x028f5c00000000n }],
    ["th:ffffffffffffff", { threshold: SAMPLING_RANGE - 1n }],
    ["th:00000000000001", { threshold: 1n }],
    ["rv:6e6d1a75832a2f", { randomness: 0x6e6d1a75832a2fn }],
    ["rv:00000000000000", { randomness: 0n }],
    ["th:8;rv:7479cfb506891d", { threshold: 2n ** 55n, randomness: 0x7479cfb506891dn }],
    ["th:8;p:8;r:62", { threshold: 2n ** 55n, others: ["p:8", "r:62"] }],
    ["foo:bar;k1:13", { others: ["foo:bar", "k1:13"] }],
    ["empty:", { others: ["empty:"] }],
  ])("is %s both ways", (text, parts) => {
    const value = { ...NOTHING, ...parts };
    expect(parseOtMember(text)).toEqual(value);
    expect(formatOtMember(value)).toBe(text);
  });

  it("is read back, in at most 256 characters", () => {
    fc.assert(
      fc.property(otMember, (value) => {
        const text = formatOtMember(value);
        fc.pre(text !== null);
        expect(text.length).toBeLessThanOrEqual(256);
        expect(parseOtMember(text)).toEqual(value);
      }),
    );
  });

  it("compares as text as it does as a number", () => {
    fc.assert(
      fc.property(threshold, bits, (t, r) => {
        const th = formatOtMember({ ...NOTHING, threshold: t })!.slice(3);
        const rv = formatOtMember({ ...NOTHING, randomness: r })!.slice(3);
        expect(rv >= th.padEnd(14, "0")).toBe(r >= t);
        expect(th === "0" || !th.endsWith("0")).toBe(true);
      }),
    );
  });

  it.each([
    ["trailing zeros", "th:80", { threshold: 2n ** 55n }],
    ["15 digits of th", "th:800000000000000", {}],
    ["no digit of th", "th:", {}],
    ["upper case in th", "th:C", {}],
    ["13 digits of rv", "rv:e6d1a75832a2f", {}],
    ["15 digits of rv", "rv:06e6d1a75832a2f", {}],
    ["a bad th beside others", "p:8;th:x", { others: ["p:8"] }],
  ])("reads no more than is there of %s", (_, text, parts) => {
    expect(parseOtMember(text)).toEqual({ ...NOTHING, ...parts });
  });

  it.each([
    "",
    ";",
    "th",
    "th:8;",
    ";th:8",
    "th:8;;rv:6e6d1a75832a2f",
    "th:8;th:8",
    " th:8",
    "th: 8",
    "Th:8",
    "kK:8",
    "1k:8",
    "k_1:8",
    "k:8/9",
    "k:a:b",
    `k:${"a".repeat(255)}`,
  ])("refuses %j", (text) => {
    expect(parseOtMember(text)).toBeNull();
  });

  it("is no member of nothing, nor of more than fits", () => {
    expect(formatOtMember(NOTHING)).toBeNull();
    const others = [`k:${"a".repeat(249)}`];
    expect(formatOtMember({ ...NOTHING, others, threshold: 0n })).toHaveLength(256);
    expect(formatOtMember({ ...NOTHING, others, threshold: 1n })).toBeNull();
  });

  it("refuses numbers of more than 56 bits", () => {
    for (const number of [-1n, SAMPLING_RANGE]) {
      expect(() => formatOtMember({ ...NOTHING, threshold: number })).toThrow(RangeError);
      expect(() => formatOtMember({ ...NOTHING, randomness: number })).toThrow(RangeError);
    }
  });

  it("never throws on a text", () => {
    const nearly = otMember.chain((value) => mutationOf(formatOtMember(value) ?? "th:8"));
    fc.assert(
      fc.property(fc.oneof(nearly, anyText), (text) => {
        const value = parseOtMember(text);
        fc.pre(value !== null);
        const again = formatOtMember(value);
        if (again !== null) expect(parseOtMember(again)).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });
});
