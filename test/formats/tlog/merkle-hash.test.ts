import { describe, expect, it } from "vitest";
import { decodeHex, encodeHex } from "#formats/hex.ts";
import {
  EMPTY_ROOT,
  HASH_BYTES,
  isSameHash,
  leafHash,
  nodeHash,
  rootOfPeaks,
} from "#formats/tlog/merkle-hash.ts";

/** github.com/transparency-dev/merkle testonly/constants.go, Apache-2.0. Roots of sizes 1 to 8. */
const ENTRIES = `- 00 10 2021 3031 40414243 5051525354555657 606162636465666768696a6b6c6d6e6f`
  .split(" ")
  .map((hex) => decodeHex(hex.replace("-", ""))!);
const LEAVES = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
  "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
  "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
  "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
  "4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658",
  "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
  "46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1",
];
const PAIRS = [
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
  "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
  "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
];
const FOURS = [
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
];
const EIGHT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328";

const bytes = (hex: string) => decodeHex(hex)!;
const pairUp = (hashes: readonly string[]) =>
  hashes
    .filter((_, at) => at % 2 === 0)
    .map((left, at) => encodeHex(nodeHash(bytes(left), bytes(hashes[2 * at + 1]!))));

describe("Merkle hashes", () => {
  it("are the published ones of leaves and nodes", () => {
    expect(ENTRIES.map(leafHash).map(encodeHex)).toEqual(LEAVES);
    expect(pairUp(LEAVES)).toEqual(PAIRS);
    expect(pairUp(PAIRS)).toEqual(FOURS);
    expect(pairUp(FOURS)).toEqual([EIGHT]);
  });

  it("are the published roots of 0 to 8 leaves", () => {
    const [two, , six] = PAIRS.map(bytes);
    const [one, , three, , five, , seven] = LEAVES.map(bytes);
    const four = bytes(FOURS[0]!);
    const peaks = [
      [],
      [one!],
      [two!],
      [two!, three!],
      [four],
      [four, five!],
      [four, six!],
      [four, six!, seven!],
      [bytes(EIGHT)],
    ];
    expect(peaks.map(rootOfPeaks).map(encodeHex)).toEqual([
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      EIGHT,
    ]);
  });

  it("let no entry pass for a node, nor for an empty tree", () => {
    const [left, right] = [bytes(LEAVES[0]!), bytes(LEAVES[1]!)];
    const node = nodeHash(left, right);
    const entry = Uint8Array.from([...left, ...right]);
    expect(isSameHash(leafHash(entry), node)).toBe(false);
    expect(isSameHash(leafHash(Uint8Array.from([1, ...entry])), node)).toBe(false);
    expect(isSameHash(leafHash(new Uint8Array(0)), EMPTY_ROOT)).toBe(false);
    expect(isSameHash(nodeHash(right, left), node)).toBe(false);
  });

  it("take 32 bytes on either side of a node and no other number", () => {
    const hash = new Uint8Array(HASH_BYTES);
    for (const length of [0, HASH_BYTES - 1, HASH_BYTES + 1, 2 * HASH_BYTES]) {
      expect(() => nodeHash(new Uint8Array(length), hash)).toThrow(RangeError);
      expect(() => nodeHash(hash, new Uint8Array(length))).toThrow(RangeError);
    }
  });

  it("leave the entry as it was, up to 64 KiB and as part of a larger buffer", () => {
    const buffer = new Uint8Array(65_535 + 20).fill(7);
    const entry = buffer.subarray(10, 65_535 + 10);
    expect(isSameHash(leafHash(entry), leafHash(entry.slice()))).toBe(true);
    expect(buffer.every((byte) => byte === 7)).toBe(true);
  });

  it("differ if one bit does, or their length", () => {
    const hash = bytes(EIGHT);
    expect(isSameHash(hash, hash.slice())).toBe(true);
    expect(isSameHash(hash, hash.slice(0, 31))).toBe(false);
    expect(isSameHash(hash.slice(0, 31), hash)).toBe(false);
    for (let bit = 0; bit < 8 * HASH_BYTES; bit++) {
      const flipped = hash.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(isSameHash(hash, flipped)).toBe(false);
    }
  });
});
