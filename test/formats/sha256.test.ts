import { sha256 as hashInScript } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeHex } from "#formats/hex.ts";
import { sha256 } from "#formats/sha256.ts";
import { sha256 as sha256InWorkerd } from "#formats/sha256-workerd.ts";
import { sha256 as sha256Elsewhere } from "../../src/formats/sha256.ts";
import { SHA256_VECTORS } from "./sha256-vectors.ts";

const utf8 = new TextEncoder();

describe("sha256", () => {
  it("is in WebAssembly in Workers, and the runtime's own of what is longer", () => {
    expect(sha256).toBe(sha256InWorkerd);
  });

  it("hashes bytes of any length, as a script does, one after the other", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 700 }),
      fc
        .constantFrom(639, 640, 641, 4_096, 70_000)
        .map((length) => new Uint8Array(length).fill(length)),
    );
    fc.assert(
      fc.property(bytes, (raw) => {
        expect(encodeHex(sha256(raw))).toBe(encodeHex(hashInScript(raw)));
      }),
      { numRuns: 500 },
    );
  });

  it("answers the same in Workers and elsewhere for each length, wherever in a buffer the bytes begin", () => {
    const bytes = Uint8Array.from({ length: 1_400 }, (_, at) => (at * 167) % 251);
    for (let length = 0; length <= 1_300; length += 1) {
      const part = bytes.subarray(length % 65, (length % 65) + length);
      const expected = encodeHex(hashInScript(part));
      expect([encodeHex(sha256(part)), encodeHex(sha256Elsewhere(part))]).toEqual([
        expected,
        expected,
      ]);
    }
  });

  it.each(SHA256_VECTORS)("hashes %.60s as FIPS 180-4 does", (text, digest) => {
    expect(encodeHex(sha256(utf8.encode(text)))).toBe(digest);
    expect(encodeHex(hashInScript(utf8.encode(text)))).toBe(digest);
  });

  it("hashes a part of a larger buffer, and answers 32 bytes that nothing else changes", () => {
    const buffer = utf8.encode("xabcx");
    const digest = sha256(buffer.subarray(1, 4));
    sha256(buffer);
    expect([encodeHex(digest), digest.length]).toEqual([SHA256_VECTORS[1]![1], 32]);
  });
});
