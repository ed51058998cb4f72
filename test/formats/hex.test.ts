import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeHex, encodeHex, hexOfPairs, hexWord } from "#formats/hex.ts";

describe("hexWord", () => {
  it("reads the eight digits at a place as a 32-bit word", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), (raw) => {
        const words = [0, 4].map((at) => new DataView(raw.buffer, raw.byteOffset).getInt32(at));
        expect([0, 8].map((at) => hexWord(encodeHex(raw), at))).toEqual(words);
      }),
    );
  });
});

describe("hex", () => {
  it("writes two digits of each byte", () => {
    expect(encodeHex(new Uint8Array([0, 1, 0x0a, 0xa0, 0xff]))).toBe("00010aa0ff");
    expect(encodeHex(new Uint8Array())).toBe("");
  });

  it("writes the same with the runtime's own and without", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (raw) => {
        expect(hexOfPairs(raw)).toBe(encodeHex(raw));
      }),
    );
  });

  it("gives any bytes back", () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(bytes, (raw) => {
        expect(decodeHex(encodeHex(raw))).toEqual(raw);
      }),
    );
  });

  it.each([
    ["upper case", "0A"],
    ["half a byte", "0"],
    ["another letter", "0g"],
    ["a prefix", "0x0a"],
    ["a line end", "0a\n"],
    ["a space", " a"],
    ["a sign", "-a"],
  ])("refuses %s", (_, text) => {
    expect(decodeHex(text)).toBeNull();
  });
});
