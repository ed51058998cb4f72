import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  parseUuid7,
  UUID7_TIME_MAX_MS,
  uuid7FromDigest,
  uuid7FromRandom,
  uuid7LowerBound,
  uuid7TimeMs,
} from "#formats/uuid7.ts";

/** RFC 9562, Appendix A.6. */
const RFC_EXAMPLE = {
  text: "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
  timeMs: 0x017f22e279b0,
  randA: 0xcc3,
  randB: 0x18c4dc0c0c07398fn,
};

const timeMs = fc.integer({ min: 0, max: UUID7_TIME_MAX_MS });
const bits = fc.uint8Array({ minLength: 10, maxLength: 32 });

describe("UUIDv7", () => {
  it("lays out the example of RFC 9562 A.6", () => {
    const random = new Uint8Array(10);
    const view = new DataView(random.buffer);
    view.setUint16(0, RFC_EXAMPLE.randA);
    view.setBigUint64(2, RFC_EXAMPLE.randB);
    const expected = RFC_EXAMPLE.text.toLowerCase();
    expect(uuid7FromRandom(RFC_EXAMPLE.timeMs, random)).toBe(expected);
    expect(uuid7FromDigest(RFC_EXAMPLE.timeMs, random)).toBe(expected);
  });

  it("reads the example of RFC 9562 A.6", () => {
    const uuid = parseUuid7(RFC_EXAMPLE.text);
    expect(uuid).toBe(RFC_EXAMPLE.text.toLowerCase());
    expect(uuid7TimeMs(uuid!)).toBe(Date.parse("2022-02-22T19:22:22Z"));
  });

  it("is valid and gives its time back, whatever the bits", () => {
    fc.assert(
      fc.property(timeMs, bits, (ms, digest) => {
        const uuid = uuid7FromDigest(ms, digest);
        expect(parseUuid7(uuid)).toBe(uuid);
        expect(uuid7TimeMs(uuid)).toBe(ms);
      }),
    );
  });

  it("orders as text by time", () => {
    fc.assert(
      fc.property(timeMs, timeMs, bits, bits, (left, right, leftBits, rightBits) => {
        fc.pre(left < right);
        expect(uuid7FromDigest(left, leftBits) < uuid7FromDigest(right, rightBits)).toBe(true);
      }),
    );
  });

  it("keeps 74 bits, each of which changes the id", () => {
    const seen = new Set([uuid7FromDigest(0, new Uint8Array(10))]);
    for (let bit = 0; bit < 80; bit++) {
      const digest = new Uint8Array(10);
      digest[bit >> 3] = 1 << (bit & 7);
      seen.add(uuid7FromDigest(0, digest));
    }
    expect(seen.size).toBe(1 + 74);
  });

  it.each([
    ["another version", "017f22e2-79b0-4cc3-98c4-dc0c0c07398f"],
    ["another variant", "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f"],
    ["no hyphens", "017f22e279b07cc398c4dc0c0c07398f"],
    ["braces", "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}"],
    ["a line end", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n"],
    ["a space", " 17f22e2-79b0-7cc3-98c4-dc0c0c07398f"],
    ["a letter past f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g"],
    ["other groups", "017f22e27-9b0-7cc3-98c4-dc0c0c07398f"],
    ["nothing", ""],
  ])("refuses %s", (_, text) => {
    expect(parseUuid7(text)).toBeUndefined();
  });

  it("refuses times and bits that do not fill it", () => {
    for (const ms of [-1, 0.5, Number.NaN, UUID7_TIME_MAX_MS + 1]) {
      expect(() => uuid7FromDigest(ms, new Uint8Array(10))).toThrow(RangeError);
    }
    expect(() => uuid7FromRandom(0, new Uint8Array(9))).toThrow(RangeError);
  });
});

describe("uuid7LowerBound", () => {
  it("is at or before every id of its millisecond, and after those of the one before", () => {
    fc.assert(
      fc.property(timeMs, bits, (ms, digest) => {
        const bound = uuid7LowerBound(ms);
        expect(bound <= uuid7FromDigest(ms, digest)).toBe(true);
        fc.pre(ms > 0);
        expect(bound > uuid7FromDigest(ms - 1, digest)).toBe(true);
      }),
    );
    expect(uuid7LowerBound(5)).toBe(uuid7FromDigest(5, new Uint8Array(10)));
  });

  it("clamps a time that no id has", () => {
    expect(uuid7LowerBound(-1)).toBe("00000000-0000-7000-8000-000000000000");
    expect(uuid7LowerBound(Number.POSITIVE_INFINITY)).toBe("ffffffff-ffff-7000-8000-000000000000");
    expect(uuid7LowerBound(5.9)).toBe(uuid7LowerBound(5));
    expect(() => uuid7LowerBound(Number.NaN)).toThrow(RangeError);
  });
});
