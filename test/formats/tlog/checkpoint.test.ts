import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64 } from "#formats/base64.ts";
import { formatCheckpoint, parseCheckpoint } from "#formats/tlog/checkpoint.ts";
import { isNoteText, parseNote } from "#formats/tlog/signed-note.ts";
import { mutationOf } from "./mutation.ts";

/** C2SP tlog-cosignature.md: the example of tlog-checkpoint.md with a witness's cosignature. */
const COSIGNED = `example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
`;
const EXAMPLE = parseNote(COSIGNED)!.text;
const ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
/** RFC 6962 §2.1: the hash of the empty string. */
const EMPTY_ROOT = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

const checkpoint = fc.record({
  origin: fc
    .string({ unit: "binary", minLength: 1, maxLength: 30 })
    .filter((origin) => isNoteText(`${origin}\n`) && !origin.includes("\n")),
  size: fc.maxSafeNat(),
  root: fc.uint8Array({ minLength: 32, maxLength: 32 }),
});

describe("checkpoint", () => {
  it("reads the example of C2SP and writes it again", () => {
    const parsed = parseCheckpoint(EXAMPLE);
    expect(parsed).toEqual({
      origin: "example.com/behind-the-sofa",
      size: 20_852_163,
      root: decodeBase64(ROOT),
    });
    expect(formatCheckpoint(parsed!)).toBe(EXAMPLE);
    expect(COSIGNED.startsWith(`${EXAMPLE}\n— `)).toBe(true);
  });

  it("carries a witness's cosignature of 72 bytes", () => {
    const lengths = parseNote(COSIGNED)?.signatures.map(({ signature }) => signature.length);
    expect(lengths).toEqual([64, 8 + 64]);
  });

  it("holds the empty tree", () => {
    const root = decodeBase64(EMPTY_ROOT)!;
    const text = `log.example\n0\n${EMPTY_ROOT}\n`;
    expect(formatCheckpoint({ origin: "log.example", size: 0, root })).toBe(text);
    expect(parseCheckpoint(text)).toEqual({ origin: "log.example", size: 0, root });
  });

  it("gives any checkpoint back", () => {
    fc.assert(
      fc.property(checkpoint, (written) => {
        expect(parseCheckpoint(formatCheckpoint(written))).toEqual(written);
      }),
    );
  });

  it("has one text: what is read is what is written, but for extension lines", () => {
    fc.assert(
      fc.property(mutationOf(EXAMPLE), (text) => {
        const parsed = parseCheckpoint(text);
        const threeLines = text.split("\n", 3).join("\n");
        expect(parsed && formatCheckpoint(parsed)).toBe(parsed && `${threeLines}\n`);
      }),
      { numRuns: 5_000 },
    );
  });

  it("reads past extension lines and never writes them", () => {
    const extended = parseCheckpoint(`${EXAMPLE}Timestamp: 1679315147\n—\n`);
    expect(extended).toEqual(parseCheckpoint(EXAMPLE));
    expect(formatCheckpoint(extended!)).toBe(EXAMPLE);
  });

  it("takes an origin that is no URL", () => {
    const origin = "go.sum database tree + 1 é";
    expect(parseCheckpoint(`${origin}\n1\n${ROOT}\n`)?.origin).toBe(origin);
  });

  it("reads sizes up to the last exact number", () => {
    const withSize = (size: string) => parseCheckpoint(`a\n${size}\n${ROOT}\n`)?.size;
    expect(withSize("9007199254740991")).toBe(Number.MAX_SAFE_INTEGER);
    expect(withSize("9007199254740992")).toBeUndefined();
    expect(withSize("9007199254740993")).toBeUndefined();
    expect(withSize("18446744073709551615")).toBeUndefined();
  });

  it.each([
    ["nothing", ""],
    ["no newline at the end", `a\n1\n${ROOT}`],
    ["two lines", "a\n1\n"],
    ["an empty origin", `\n1\n${ROOT}\n`],
    ["no size", `a\n\n${ROOT}\n`],
    ["a leading zero", `a\n01\n${ROOT}\n`],
    ["zero twice", `a\n00\n${ROOT}\n`],
    ["a sign", `a\n+1\n${ROOT}\n`],
    ["a negative size", `a\n-1\n${ROOT}\n`],
    ["an exponent", `a\n1e3\n${ROOT}\n`],
    ["hexadecimal", `a\n0x1\n${ROOT}\n`],
    ["a fraction", `a\n1.0\n${ROOT}\n`],
    ["a space before the size", `a\n 1\n${ROOT}\n`],
    ["digits of another script", `a\n١\n${ROOT}\n`],
    ["an empty extension line", `a\n1\n${ROOT}\n\n`],
    ["an empty line before an extension", `a\n1\n${ROOT}\n\nextension\n`],
    ["a signed note", COSIGNED],
    ["a root of 31 bytes", `a\n1\n${ROOT.slice(0, 40)}jw==\n`],
    ["a root of 33 bytes", `a\n1\n${ROOT.slice(0, 40)}jxog\n`],
    ["a root with spare bits", `a\n1\n${ROOT.replace("2I=", "2J=")}\n`],
    ["a root without padding", `a\n1\n${ROOT.slice(0, -1)}\n`],
    ["a root in hexadecimal", `a\n1\n${"00".repeat(32)}\n`],
    ["a carriage return", `a\r\n1\r\n${ROOT}\r\n`],
    ["a control character in the origin", `a\u0007\n1\n${ROOT}\n`],
    ["a control character in an extension", `a\n1\n${ROOT}\n\u0007\n`],
    ["half a surrogate pair", `\ud800\n1\n${ROOT}\n`],
  ])("refuses %s", (_, text) => {
    expect(parseCheckpoint(`a\n1\n${ROOT}\n`)).not.toBeNull();
    expect(parseCheckpoint(text)).toBeNull();
  });

  it("writes nothing that it would not read", () => {
    const valid = parseCheckpoint(EXAMPLE)!;
    for (const origin of ["", "a\nb", "a\n", "a\t", "\ud800"]) {
      expect(() => formatCheckpoint({ ...valid, origin })).toThrow(RangeError);
    }
    for (const size of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(() => formatCheckpoint({ ...valid, size })).toThrow(RangeError);
    }
    for (const length of [0, 31, 33]) {
      const root = new Uint8Array(length);
      expect(() => formatCheckpoint({ ...valid, root })).toThrow(RangeError);
    }
  });
});
