import { describe, expect, it } from "vitest";
import { murmur3 } from "#formats/murmur3.ts";

/** Four characters as the little-endian word that the algorithm reads. */
function wordsOf(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / 4 }, (_, word) => view.getUint32(word * 4, true));
}

describe("murmur3", () => {
  it.each([
    ["", 0, 0],
    ["", 1, 0x514e28b7],
    ["", 0xffffffff, 0x81f16f39],
    ["test", 0, 0xba6bd213],
    ["test", 0x9747b28c, 0x704b81dc],
    ["aaaa", 0x9747b28c, 0x5a97808a],
  ])("is the published value of %j with seed %i", (text, seed, hash) => {
    expect(murmur3(wordsOf(text), seed)).toBe(hash);
  });
});
