import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64, encodeBase64 } from "#formats/base64.ts";

const utf8 = new TextEncoder();

describe("base64", () => {
  it.each([
    ["", ""],
    ["f", "Zg=="],
    ["fo", "Zm8="],
    ["foo", "Zm9v"],
    ["foob", "Zm9vYg=="],
    ["fooba", "Zm9vYmE="],
    ["foobar", "Zm9vYmFy"],
  ])("writes and reads %o of RFC 4648 §10", (decoded, encoded) => {
    expect(encodeBase64(utf8.encode(decoded))).toBe(encoded);
    expect(decodeBase64(encoded)).toEqual(utf8.encode(decoded));
  });

  it("gives any bytes back", () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(bytes, (raw) => {
        expect(decodeBase64(encodeBase64(raw))).toEqual(raw);
      }),
    );
  });

  it("has one text for the same bytes", () => {
    const text = fc.stringMatching(/^[A-Za-z0-9+/]{0,8}[=\n A]{0,2}$/);
    fc.assert(
      fc.property(text, (encoded) => {
        const bytes = decodeBase64(encoded);
        expect(bytes === null ? encoded : encodeBase64(bytes)).toBe(encoded);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ["spare bits", "Zh=="],
    ["spare bits of two bytes", "Zm9="],
    ["no padding", "Zg"],
    ["half the padding", "Zg="],
    ["padding after none", "Zm9v=="],
    ["padding alone", "="],
    ["padding within", "Zg==Zg=="],
    ["a line end", "Zm9v\n"],
    ["a space", "Zm 9v"],
    ["the alphabet of URLs", "-_-_"],
    ["one character", "Z"],
    ["a character past one byte", "Zm9ā"],
  ])("refuses %s", (_, text) => {
    expect(decodeBase64(text)).toBeNull();
  });
});
