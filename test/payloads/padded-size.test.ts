import { describe, expect, it } from "vitest";
import { PADDED_BYTES_MIN, paddedSize } from "#payloads/padded-size.ts";

describe("paddedSize", () => {
  it("holds what it is asked to, in a class that is a quarter larger at most, or the smallest", () => {
    const all = Array.from({ length: 300_000 }, (_, bytes) => [bytes, paddedSize(bytes)] as const);
    expect(all.filter(([bytes, size]) => size < bytes)).toEqual([]);
    const isWide = ([bytes, size]: readonly [number, number]) =>
      size > Math.max(PADDED_BYTES_MIN, bytes * 1.25);
    expect(all.filter(isWide)).toEqual([]);
    expect(all.filter(([, size]) => paddedSize(size) !== size)).toEqual([]);
  });

  it("has 41 classes up to 256 KiB, four an octave", () => {
    const sizes = new Set(Array.from({ length: 262_145 }, (_, bytes) => paddedSize(bytes)));
    expect(sizes.size).toBe(41);
    expect([...sizes].slice(0, 6)).toEqual([256, 320, 384, 448, 512, 640]);
  });
});
