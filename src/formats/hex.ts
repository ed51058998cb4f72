/**
 * Base 16 in lower case, RFC 4648 §8: what c2sp.org/signed-note "Conventions" and sha256sum write.
 * Upper case is refused, so that a digest has one text and texts compare as digests do.
 */
const BYTE_PAIRS = /^(?:[0-9a-f]{2})*$/;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** The runtime's own where there is one (Node from 25, Workers, browsers): a third of the time, three digests an entry. */
export const encodeHex: (bytes: Uint8Array) => string =
  "toHex" in Uint8Array.prototype ? ownHex : hexOfPairs;

function ownHex(bytes: Uint8Array): string {
  return (bytes as Uint8Array & { toHex(): string }).toHex();
}

/** For a runtime that has none. */
export function hexOfPairs(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/** Null unless the text is the one that `encodeHex` writes. */
export function decodeHex(text: string): Uint8Array | null {
  if (!BYTE_PAIRS.test(text)) return null;
  const byteAt = (index: number) => Number.parseInt(text.slice(2 * index, 2 * index + 2), 16);
  return Uint8Array.from({ length: text.length / 2 }, (_, index) => byteAt(index));
}

/**
 * Eight lower-case hex digits as a 32-bit word, in a third of the time that cutting out
 * and parsing them takes.
 */
export function hexWord(hex: string, at: number): number {
  let word = 0;
  for (let digit = at; digit < at + 8; digit += 1) {
    const code = hex.charCodeAt(digit);
    // "0" is 0x30 and "a" is 0x61: a letter stands for nine more than its low bits.
    word = (word << 4) | ((code & 15) + (code >> 6) * 9);
  }
  return word;
}
