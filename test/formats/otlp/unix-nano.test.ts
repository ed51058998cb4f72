import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  elapsedMs,
  formatUnixNano,
  parseUnixNano,
  unixNanoFromHalves,
  unixNanoToUint64,
} from "#formats/otlp/unix-nano.ts";

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const fromBits = (bits: bigint) =>
  unixNanoFromHalves(Number(bits & 0xffffffffn), Number(bits >> 32n));

describe("UnixNano", () => {
  it("is exact for every 64-bit integer, from its halves, from text and back", () => {
    const property = fc.property(uint64, (bits) => {
      const time = fromBits(bits);
      expect(unixNanoToUint64(time)).toBe(bits);
      expect(parseUnixNano(String(bits))).toEqual(time);
      expect(formatUnixNano(time)).toBe(String(bits));
      expect(time.nanos).toBeLessThan(1_000_000);
    });
    fc.assert(property);
    for (const bits of [0n, 1n, 999_999n, 1_000_000n, 2n ** 32n, 2n ** 64n - 1n]) {
      expect(unixNanoToUint64(fromBits(bits))).toBe(bits);
    }
  });

  it("keeps a duration's nanoseconds", () => {
    const end = parseUnixNano("1795333292123456790")!;
    expect(elapsedMs(parseUnixNano("1795333292123456789")!, end)).toBe(0.000001);
    expect(elapsedMs(parseUnixNano("1795333292039256790")!, end)).toBe(84.2);
    expect(elapsedMs(end, parseUnixNano("1795333292122456790")!)).toBe(-1);
  });

  it("refuses what is no unsigned 64-bit integer", () => {
    for (const value of [
      "",
      " 1",
      "-1",
      "1.0",
      "0x1",
      "18446744073709551616",
      -1,
      0.5,
      Number.NaN,
      {},
    ]) {
      expect(parseUnixNano(value)).toBeUndefined();
    }
  });
});
