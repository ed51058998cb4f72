import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lookalikeScripts, visiblePieces, visibleText } from "#dashboard/parts/visible-text.ts";

const shown = (text: string) =>
  visiblePieces(text)
    .map((piece) => (piece.isSign ? `[${piece.text}]` : piece.text))
    .join("");

describe("a foreign text", () => {
  it.each([
    ["\u202Egnp.exe", "[U+202E]gnp.exe"],
    ["a\u0000b\nc", "a[U+0000]b[U+000A]c"],
    ["zero\u200Bwidth", "zero[U+200B]width"],
    ["tag\u{E0041}", "tag[U+E0041]"],
    ["\uD800", "[U+D800]"],
    ["a\u200Db", "a[U+200D]b"],
    ["👩‍👩‍👧 🇮🇳", "👩‍👩‍👧 🇮🇳"],
    ["שלום", "שלום"],
  ])("%j shows what it hides", (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it("acts on nothing: no control and no direction is left of it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(shown(text)).not.toMatch(
          /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202A-\u202E\u2066-\u2069\u200E\u200F\u200B]/u,
        );
      }),
    );
  });

  it("acts on nothing in a tab's title either", () => {
    expect(visibleText("Call of \u202Egnp.exe\u0007")).toBe("Call of U+202Egnp.exeU+0007");
  });

  it("loses nothing but what stands as a sign", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii" }), (text) => {
        expect(shown(text)).toBe(text);
      }),
    );
  });

  it("whose one word mixes scripts that look alike says so", () => {
    expect(lookalikeScripts("p\u0430ypal")).toEqual(["Latin", "Cyrillic"]);
    expect(lookalikeScripts("paypal оплата")).toEqual([]);
  });
});
