/** Where in a text, as editors count. */

export interface TextPosition {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
}

/** Of each offset into the UTF-8 bytes of the text. One within a character is that character's. */
export function positionOf(text: string, byteOffset: number): TextPosition {
  const bytes = new TextEncoder().encode(text).subarray(0, byteOffset);
  const lines = new TextDecoder()
    .decode(bytes)
    .replace(/\ufffd+$/, "")
    .split(/\r\n|\r|\n/);
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
