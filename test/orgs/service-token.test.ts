import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SCOPES } from "#orgs/principal.ts";
import {
  digestsEqual,
  formatServiceToken,
  isTokenId,
  isUsable,
  normaliseScopes,
  parseServiceToken,
  type ServiceToken,
  sha256Hex,
  TOKEN_RANDOM_BYTES,
} from "#orgs/service-token.ts";

const NOW_MS = Date.UTC(2026, 10, 22, 7, 41, 32, 123);
const random = (fill: number) => new Uint8Array(TOKEN_RANDOM_BYTES).fill(fill);
const randomBytes = fc.uint8Array({ minLength: TOKEN_RANDOM_BYTES, maxLength: TOKEN_RANDOM_BYTES });

describe("A service token", () => {
  it("keeps its format: stored ids and issued tokens outlive every release", () => {
    // Computed apart from this code, from the words of src/orgs/service-token.ts.
    const token = [
      "mcpgst",
      "06h04d00bejtb9d5",
      "mpjtb9d5mpjtb9d5mpjtb9d5mpjtb9d5mpjtb9d5mpjtb9d5mpjg",
      "897vfj8",
    ];
    const formatted = formatServiceToken(NOW_MS, random(0xa5));
    expect(formatted).toEqual({ id: token[1], token: token.join("_") });
  });

  it("is found by its id, whatever its random bytes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), randomBytes, (nowMs, bytes) => {
        const { id, token } = formatServiceToken(nowMs, bytes);
        expect(parseServiceToken(token)).toBe(id);
        expect(isTokenId(id)).toBe(true);
      }),
    );
  });

  it("sorts by age", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31), fc.integer({ min: 1, max: 2 ** 31 }), (atMs, laterMs) => {
        const older = formatServiceToken(atMs, random(255)).id;
        const newer = formatServiceToken(atMs + laterMs, random(0)).id;
        expect(older < newer).toBe(true);
      }),
    );
  });

  it("says every bit of its secret", () => {
    const tokens = new Set<string>();
    for (let bit = 0; bit < 256; bit++) {
      const bytes = random(0);
      bytes[4 + (bit >> 3)] = 1 << (bit & 7);
      tokens.add(formatServiceToken(NOW_MS, bytes).token);
    }
    expect(tokens.size).toBe(256);
  });

  it("with any one character mistyped, lost, doubled or swapped is no token", () => {
    const { token } = formatServiceToken(NOW_MS, random(0x5a));
    const typos = Array.from(token).flatMap((character, at) => {
      const [head, tail] = [token.slice(0, at), token.slice(at + 1)];
      const typed = ["", "0", "z", "_", "A", character + character];
      const swapped = head + tail.slice(0, 1) + character + tail.slice(1);
      return [...typed.map((instead) => head + instead + tail), swapped];
    });
    for (const typo of typos.filter((candidate) => candidate !== token)) {
      expect(parseServiceToken(typo)).toBeNull();
    }
  });

  it("is usable until it is revoked or its time has come", () => {
    const token = { expiresAtMs: null, revokedAtMs: null } as ServiceToken;
    expect(isUsable(token, NOW_MS)).toBe(true);
    expect(isUsable({ ...token, expiresAtMs: NOW_MS + 1 }, NOW_MS)).toBe(true);
    expect(isUsable({ ...token, expiresAtMs: NOW_MS }, NOW_MS)).toBe(false);
    expect(isUsable({ ...token, revokedAtMs: NOW_MS }, NOW_MS)).toBe(false);
  });
});

describe("Digests", () => {
  it("are SHA-256 in hex (FIPS 180-4, `abc`)", () => {
    expect(sha256Hex("abc")).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });

  it("are equal only if all of them is", () => {
    const digest = sha256Hex("abc");
    expect(digestsEqual(digest, digest)).toBe(true);
    expect(digestsEqual(digest, digest.slice(1))).toBe(false);
    for (let at = 0; at < digest.length; at++) {
      const other = `${digest.slice(0, at)}g${digest.slice(at + 1)}`;
      expect(digestsEqual(digest, other)).toBe(false);
    }
  });
});

it("Scopes are kept once each and in one order", () => {
  expect(normaliseScopes(["org:admin", "metrics:read", "org:admin"])).toEqual([
    "metrics:read",
    "org:admin",
  ]);
  expect(normaliseScopes([...SCOPES].reverse())).toEqual([...SCOPES]);
});
