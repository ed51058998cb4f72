import { describe, expect, it } from "vitest";
import { PADDED_BYTES_MIN, paddedSize } from "#payloads/padded-size.ts";

describe("paddedSize", () => {
  it("holds what it is asked to, in a class that is a quarter larger at most, or the smallest", () => {
    for (let bytes = 0; bytes <= 300_000; bytes += 1) {
      const size = paddedSize(bytes);
      if (size < bytes) throw new Error(`${bytes} in ${size}`);
      if (size > PADDED_BYTES_MIN && size > bytes * 1.25) throw new Error(`${bytes} in ${size}`);
      if (paddedSize(size) !== size) throw new Error(`${size} is no class`);
    }
  });

  it("has 41 classes up to 256 KiB, four an octave", () => {
    const sizes = new Set(Array.from({ length: 262_145 }, (_, bytes) => paddedSize(bytes)));
    expect(sizes.size).toBe(41);
    expect([...sizes].slice(0, 6)).toEqual([256, 320, 384, 448, 512, 640]);
  });
});
