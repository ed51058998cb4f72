import { sha256 as hashInScript } from "@noble/hashes/sha2.js";
import { describe, expect, it } from "vitest";
import { encodeHex } from "#formats/hex.ts";
import { sha256 } from "#formats/sha256.ts";
import { SHA256_VECTORS } from "./sha256-vectors.ts";

const utf8 = new TextEncoder();

describe("sha256", () => {
  it("is the runtime's own in Workers: a third of the time of JavaScript", () => {
    expect(sha256).not.toBe(hashInScript);
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
