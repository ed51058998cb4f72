import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64, encodeBase64 } from "#formats/base64.ts";
import { sha256 } from "#formats/sha256.ts";
import {
  formatTlogProof,
  PROOF_HASHES_MAX,
  parseTlogProof,
  type TlogProof,
} from "#formats/tlog/tlog-proof.ts";
import { mutationOf } from "./mutation.ts";

const utf8 = new TextEncoder();
const hash = (text: string) => sha256(utf8.encode(text));
const HASH = encodeBase64(hash("hash1"));

/** C2SP tlog-proof.md, whose signatures are cut short. */
const C2SP_EXAMPLE = `c2sp.org/tlog-proof@v1
extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=
RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=
AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=

example.com/fancylog
109482
sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=

— example.com/fancylog hI2DJw[...]1roloI=
— witness1.example mJirIklj[...]qY9v2B/5bg==
`;

/** Proofs and their texts in transparency-dev/formats proof/tlog_proof_test.go, TestMarshal. */
const FORMATS_VECTORS: [string, TlogProof, string][] = [
  [
    "without extra data",
    { index: 5, hashes: [hash("hash1"), hash("hash2")], checkpoint: "test checkpoint\n" },
    `c2sp.org/tlog-proof@v1\nindex 5\n${HASH}\n${encodeBase64(hash("hash2"))}\n\ntest checkpoint\n`,
  ],
  [
    "with extra data",
    {
      index: 10,
      hashes: [hash("hash1")],
      checkpoint: "checkpoint data\n",
      extra: utf8.encode("extra information"),
    },
    `c2sp.org/tlog-proof@v1\nextra ZXh0cmEgaW5mb3JtYXRpb24=\nindex 10\n${HASH}\n\ncheckpoint data\n`,
  ],
  [
    "with empty hashes",
    { index: 0, hashes: [], checkpoint: "checkpoint\n" },
    "c2sp.org/tlog-proof@v1\nindex 0\n\ncheckpoint\n",
  ],
];

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const proof: fc.Arbitrary<TlogProof> = fc.record(
  {
    index: fc.maxSafeNat(),
    hashes: fc.array(bytes32, { maxLength: PROOF_HASHES_MAX }),
    checkpoint: fc.string({ unit: "binary" }).map((text) => `${text}\n`),
    extra: fc.uint8Array(),
  },
  { requiredKeys: ["index", "hashes", "checkpoint"] },
);

describe("tlog-proof", () => {
  it.each(FORMATS_VECTORS)("writes and reads transparency-dev's proof %s", (_, vector, text) => {
    expect(formatTlogProof(vector)).toBe(text);
    expect(parseTlogProof(text)).toEqual(vector);
  });

  it("reads the example of C2SP, its checkpoint verbatim", () => {
    const parsed = parseTlogProof(C2SP_EXAMPLE);
    expect(parsed?.index).toBe(73_894);
    expect(parsed?.hashes).toHaveLength(5);
    expect(parsed?.hashes[0]).toEqual(decodeBase64("gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ="));
    expect(parsed?.checkpoint).toBe(
      C2SP_EXAMPLE.slice(C2SP_EXAMPLE.indexOf("example.com/fancylog")),
    );
    expect(new TextDecoder().decode(parsed?.extra?.subarray(0, 30))).toBe(
      "age-v1.2.1-darwin-arm64.tar.gz",
    );
    expect(formatTlogProof(parsed!)).toBe(C2SP_EXAMPLE);
  });

  it("gives any proof back, with and without extra data, which may be empty", () => {
    fc.assert(
      fc.property(proof, (written) => {
        expect(parseTlogProof(formatTlogProof(written))).toEqual(written);
      }),
    );
    const empty = { index: 0, hashes: [], checkpoint: "checkpoint\n", extra: new Uint8Array() };
    expect(formatTlogProof(empty)).toContain("\nextra \nindex 0\n");
    expect(parseTlogProof(formatTlogProof(empty))).toEqual(empty);
  });

  it("has one text: what is read is what is written", () => {
    const vectors = fc.constantFrom(...FORMATS_VECTORS.map(([, , text]) => text));
    fc.assert(
      fc.property(vectors.chain(mutationOf), (text) => {
        const parsed = parseTlogProof(text);
        expect(parsed && formatTlogProof(parsed)).toBe(parsed && text);
      }),
      { numRuns: 5_000 },
    );
  });

  it("holds up to 63 hashes", () => {
    const withHashes = (count: number) =>
      `c2sp.org/tlog-proof@v1\nindex 0\n${`${HASH}\n`.repeat(count)}\ncheckpoint\n`;
    expect(parseTlogProof(withHashes(63))?.hashes).toHaveLength(63);
    expect(parseTlogProof(withHashes(64))).toBeNull();
    expect(parseTlogProof(withHashes(65))).toBeNull();
    expect(parseTlogProof(withHashes(10_000))).toBeNull();
  });

  it.each([
    ["nothing", ""],
    ["another header", "wrong-header\nindex 0\n\ncheckpoint\n"],
    ["another version", "c2sp.org/tlog-proof@v2\nindex 0\n\ncheckpoint\n"],
    ["extra data that is no base64", "c2sp.org/tlog-proof@v1\nextra !!\nindex 0\n\ncheckpoint\n"],
    ["extra without a space", "c2sp.org/tlog-proof@v1\nextra\nindex 0\n\ncheckpoint\n"],
    ["extra data twice", "c2sp.org/tlog-proof@v1\nextra \nextra \nindex 0\n\ncheckpoint\n"],
    ["extra data after the index", "c2sp.org/tlog-proof@v1\nindex 0\nextra \n\ncheckpoint\n"],
    ["no index", "c2sp.org/tlog-proof@v1\n\n\ncheckpoint\n"],
    ["no index, the header alone", "c2sp.org/tlog-proof@v1\n\ncheckpoint\n"],
    ["no index before hashes", `c2sp.org/tlog-proof@v1\n${HASH}\n\ncheckpoint\n`],
    ["an index that is no number", "c2sp.org/tlog-proof@v1\nindex notanumber\n\ncheckpoint\n"],
    ["a negative index", "c2sp.org/tlog-proof@v1\nindex -5\n\ncheckpoint\n"],
    ["a leading zero", "c2sp.org/tlog-proof@v1\nindex 05\n\ncheckpoint\n"],
    ["an index past 2^53 - 1", "c2sp.org/tlog-proof@v1\nindex 9007199254740992\n\ncheckpoint\n"],
    ["an empty index", "c2sp.org/tlog-proof@v1\nindex \n\ncheckpoint\n"],
    ["a number alone", "c2sp.org/tlog-proof@v1\n5\n\ncheckpoint\n"],
    ["a hash that is no base64", "c2sp.org/tlog-proof@v1\nindex 0\n!!notbase64!!\n\ncheckpoint\n"],
    [
      "a hash of 64 bytes",
      `c2sp.org/tlog-proof@v1\nindex 0\n${encodeBase64(new Uint8Array(64))}\n\ncheckpoint\n`,
    ],
    ["no blank line", `c2sp.org/tlog-proof@v1\nindex 0\n${HASH}\n`],
    ["no checkpoint", "c2sp.org/tlog-proof@v1\nindex 0\n\n"],
    ["a checkpoint cut short", "c2sp.org/tlog-proof@v1\nindex 0\n\ncheckpoint"],
    ["carriage returns", "c2sp.org/tlog-proof@v1\r\nindex 0\r\n\r\ncheckpoint\r\n"],
  ])("refuses %s", (_, text) => {
    expect(parseTlogProof(text)).toBeNull();
  });

  it("writes nothing that it would not read", () => {
    const valid: TlogProof = { index: 0, hashes: [], checkpoint: "checkpoint\n" };
    for (const index of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(() => formatTlogProof({ ...valid, index })).toThrow(RangeError);
    }
    const tooMany = Array.from({ length: PROOF_HASHES_MAX + 1 }, () => new Uint8Array(32));
    for (const hashes of [tooMany, [new Uint8Array(31)], [new Uint8Array()]]) {
      expect(() => formatTlogProof({ ...valid, hashes })).toThrow(RangeError);
    }
    for (const checkpoint of ["", "checkpoint"]) {
      expect(() => formatTlogProof({ ...valid, checkpoint })).toThrow(RangeError);
    }
  });
});
