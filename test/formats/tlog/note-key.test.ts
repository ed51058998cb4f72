import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeBase64 } from "#formats/base64.ts";
import { encodeHex } from "#formats/hex.ts";
import { sha256 } from "#formats/sha256.ts";
import { formatVkey, isKeyName, parseVkey, verifierKey } from "#formats/tlog/note-key.ts";
import { mutationOf } from "./mutation.ts";

/** C2SP signed-note.md "Example", and the documentation of golang.org/x/mod/sumdb/note. */
const VKEYS = [
  "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
  "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
  "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop",
];

const keyName = fc.string({ unit: "binary", minLength: 1, maxLength: 12 }).filter(isKeyName);
const publicKey = fc.uint8Array({ minLength: 32, maxLength: 32 });

/** A vkey whose id is right for whatever material it holds. */
function vkeyOf(name: string, material: Uint8Array): string {
  const named = new TextEncoder().encode(`${name}\n`);
  const id = sha256(new Uint8Array([...named, ...material])).slice(0, 4);
  return `${name}+${encodeHex(id)}+${encodeBase64(material)}`;
}

describe("vkey", () => {
  it.each(VKEYS)("reads the published key %s and writes it again", (vkey) => {
    const key = parseVkey(vkey);
    expect(`${key?.name}+${encodeHex(key!.id)}`).toBe(vkey.slice(0, vkey.lastIndexOf("+")));
    expect(key?.publicKey).toHaveLength(32);
    expect(formatVkey(key!)).toBe(vkey);
    expect(verifierKey(key!.name, key!.publicKey)).toEqual(key);
  });

  it("gives any name and key back", () => {
    fc.assert(
      fc.property(keyName, publicKey, (name, bytes) => {
        const key = verifierKey(name, bytes);
        expect(parseVkey(formatVkey(key))).toEqual(key);
      }),
    );
  });

  it("reads a key whose base64 holds pluses", () => {
    const key = verifierKey("log.example", new Uint8Array(32).fill(0xfb));
    expect(formatVkey(key).match(/\+/g)!.length).toBeGreaterThan(2);
    expect(parseVkey(formatVkey(key))).toEqual(key);
  });

  it("has one text for one key: any edit of it is refused", () => {
    const edited = fc
      .constantFrom(...VKEYS)
      .chain((vkey) => fc.record({ vkey: fc.constant(vkey), text: mutationOf(vkey) }));
    fc.assert(
      fc.property(edited, ({ vkey, text }) => {
        fc.pre(text !== vkey);
        expect(parseVkey(text)).toBeNull();
      }),
      { numRuns: 5_000 },
    );
  });

  it("refuses every part of one, as sumdb/note does", () => {
    for (let end = 0; end <= VKEYS[0]!.length; end++) {
      for (let start = 0; start < end; start++) {
        const part = VKEYS[0]!.slice(start, end);
        expect(parseVkey(part)).toEqual(part === VKEYS[0] ? expect.anything() : null);
      }
    }
  });

  it.each([
    ["ECDSA, type 02", new Uint8Array(33).fill(2)],
    ["a cosigner's key, type 04", new Uint8Array(33).fill(4)],
    ["ML-DSA-44, type 06", new Uint8Array(1 + 1312).fill(6)],
    ["an Ed25519 key of 31 bytes", new Uint8Array(32).fill(1)],
    ["an Ed25519 key of 33 bytes", new Uint8Array(34).fill(1)],
    ["no type", new Uint8Array()],
  ])("refuses %s, its id being right", (_, material) => {
    expect(parseVkey(vkeyOf("log.example", new Uint8Array(33).fill(1)))).not.toBeNull();
    expect(parseVkey(vkeyOf("log.example", material))).toBeNull();
  });

  it("refuses an id in upper case", () => {
    const [name, id, material] = VKEYS[0]!.split("+");
    expect(parseVkey([name, id!.toUpperCase(), material].join("+"))).toBeNull();
  });

  it("makes no key without a key name or of another length", () => {
    expect(() => verifierKey("two words", new Uint8Array(32))).toThrow(RangeError);
    expect(() => verifierKey("log.example", new Uint8Array(33))).toThrow(RangeError);
  });
});

describe("isKeyName", () => {
  it.each([
    "example.com/foo",
    "a",
    "PeterNeumann",
    "журнал",
    "日誌",
    "😀",
    "—",
    "=",
    "\u200b",
    "\u007f",
  ])("takes %o", (name) => {
    expect(isKeyName(name)).toBe(true);
  });

  it.each([
    ["nothing", ""],
    ["a plus", "a+b"],
    ["a space", "a b"],
    ["a line end", "a\n"],
    ["a tab", "a\tb"],
    ["a control character", "a\u0000"],
    ["NEXT LINE", "a\u0085"],
    ["a no-break space", "a\u00a0b"],
    ["an em space", "a\u2003b"],
    ["a line separator", "a\u2028b"],
    ["an ideographic space", "\u3000"],
    ["half a surrogate pair", "a\ud83d"],
  ])("refuses %s", (_, name) => {
    expect(isKeyName(name)).toBe(false);
  });
});
