import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeBase64 } from "#formats/base64.ts";
import { publicKeyOf, sign, verify } from "#formats/ed25519.ts";
import { decodeHex, encodeHex } from "#formats/hex.ts";
import { RFC_8032_VECTORS } from "./rfc8032-vectors.ts";

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const message = fc.uint8Array({ maxLength: 300 });

/** The order of the group, RFC 8032 §5.1. */
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** Public keys whose point has order 1, 2, 4 or 8: a signature of theirs can fit every message. */
const SMALL_ORDER_KEYS = [
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
];

/** The same point or number in bytes that RFC 8032 §5.1.3 does not decode. */
const NOT_CANONICAL = [
  ["y = p + 1", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"],
  ["x = 0 with its sign set", "0100000000000000000000000000000000000000000000000000000000000080"],
  ["no point", "0200000000000000000000000000000000000000000000000000000000000000"],
] as const;

function fromHex(hex: string): Uint8Array {
  return decodeHex(hex)!;
}

function withBit(bytes: Uint8Array, bit: number): Uint8Array {
  return bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
}

function replaceAt(bytes: Uint8Array, at: number, part: Uint8Array): Uint8Array {
  const replaced = bytes.slice();
  replaced.set(part, at);
  return replaced;
}

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn));
}

function platformKey(seed: Uint8Array): Promise<CryptoKey> {
  const urlSafe = (bytes: Uint8Array) =>
    encodeBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const jwk = { kty: "OKP", crv: "Ed25519", d: urlSafe(seed), x: urlSafe(publicKeyOf(seed)) };
  return crypto.subtle.importKey("jwk", jwk, "Ed25519", false, ["sign"]);
}

describe("Ed25519", () => {
  it.each(RFC_8032_VECTORS)("makes and accepts the signature of RFC 8032 §7.1 $name", (vector) => {
    const seed = fromHex(vector.seed);
    const signed = fromHex(vector.message);
    expect(encodeHex(publicKeyOf(seed))).toBe(vector.publicKey);
    expect(encodeHex(sign(seed, signed))).toBe(vector.signature);
    expect(verify(fromHex(vector.publicKey), signed, fromHex(vector.signature))).toBe(true);
  });

  it("makes the signatures of crypto.subtle, byte for byte", async () => {
    const agrees = fc.asyncProperty(bytes32, message, async (seed, signed) => {
      const expected = await crypto.subtle.sign("Ed25519", await platformKey(seed), signed);
      expect(sign(seed, signed)).toEqual(new Uint8Array(expected));
    });
    await fc.assert(agrees, { numRuns: 100 });
  });

  it("accepts what it signs, and neither another message nor another key", () => {
    fc.assert(
      fc.property(bytes32, bytes32, message, message, (seed, otherSeed, signed, other) => {
        fc.pre(encodeHex(seed) !== encodeHex(otherSeed) && encodeHex(signed) !== encodeHex(other));
        const signature = sign(seed, signed);
        expect(verify(publicKeyOf(seed), signed, signature)).toBe(true);
        expect(verify(publicKeyOf(seed), other, signature)).toBe(false);
        expect(verify(publicKeyOf(otherSeed), signed, signature)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  it("refuses a signature, key or message with any one bit changed", () => {
    const [, , vector] = RFC_8032_VECTORS;
    const publicKey = fromHex(vector!.publicKey);
    const signed = fromHex(vector!.message);
    const signature = fromHex(vector!.signature);
    for (let bit = 0; bit < 512; bit++) {
      expect(verify(publicKey, signed, withBit(signature, bit))).toBe(false);
    }
    for (let bit = 0; bit < 256; bit++) {
      expect(verify(withBit(publicKey, bit), signed, signature)).toBe(false);
    }
    for (let bit = 0; bit < 8 * signed.length; bit++) {
      expect(verify(publicKey, withBit(signed, bit), signature)).toBe(false);
    }
  });

  it.each(SMALL_ORDER_KEYS)("refuses the key %s, of small order", (key) => {
    // R the identity and S zero satisfy the equation of §5.1.7 whatever the message.
    const signature = replaceAt(new Uint8Array(64), 0, fromHex(SMALL_ORDER_KEYS[0]!));
    for (let signed = 0; signed < 32; signed++) {
      expect(verify(fromHex(key), new Uint8Array([signed]), signature)).toBe(false);
    }
  });

  it.each(NOT_CANONICAL)("refuses %s as key and as R", (_, encoding) => {
    const [vector] = RFC_8032_VECTORS;
    const publicKey = fromHex(vector!.publicKey);
    const signature = fromHex(vector!.signature);
    const identity = replaceAt(new Uint8Array(64), 0, fromHex(SMALL_ORDER_KEYS[0]!));
    expect(verify(fromHex(encoding), new Uint8Array(), identity)).toBe(false);
    expect(verify(publicKey, new Uint8Array(), replaceAt(signature, 0, fromHex(encoding)))).toBe(
      false,
    );
  });

  it("refuses the other S of the same signature, which the group order makes", () => {
    for (const vector of RFC_8032_VECTORS) {
      const signature = fromHex(vector.signature);
      const s = BigInt(`0x${encodeHex(signature.slice(32).reverse())}`);
      const other = replaceAt(signature, 32, littleEndian(s + GROUP_ORDER));
      expect(verify(fromHex(vector.publicKey), fromHex(vector.message), other)).toBe(false);
    }
  });

  it("never throws on a key or signature of any length and content, and never accepts it", () => {
    const any = fc.uint8Array({ maxLength: 70 });
    const bytes64 = fc.uint8Array({ minLength: 64, maxLength: 64 });
    const key = fc.oneof(any, bytes32, bytes32.map(publicKeyOf));
    fc.assert(
      fc.property(key, message, fc.oneof(any, bytes64), (publicKey, signed, signature) => {
        expect(verify(publicKey, signed, signature)).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it("refuses a seed of another length", () => {
    for (const length of [0, 31, 33, 64]) {
      expect(() => publicKeyOf(new Uint8Array(length))).toThrow(RangeError);
      expect(() => sign(new Uint8Array(length), new Uint8Array())).toThrow(RangeError);
    }
  });
});
