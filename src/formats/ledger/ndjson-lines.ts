/**
 * An export's lines as bytes, out of chunks that end anywhere. A line is what stands before a line
 * feed: what follows the last one is no line but the sign of a file that was cut off.
 */
import { concatBytes } from "#formats/concat-bytes.ts";
import { ENTRY_BYTES_MAX } from "#formats/tlog/tlog-tiles.ts";

const LINE_FEED = 0x0a;

export class NdjsonLines {
  #rest: Uint8Array = new Uint8Array(0);

  /** The lines that the chunk ends, without their line feeds. */
  push(chunk: Uint8Array): Uint8Array[] {
    const lines: Uint8Array[] = [];
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start);
      if (end < 0) break;
      lines.push(this.#join(chunk.subarray(start, end)));
      this.#rest = new Uint8Array(0);
      start = end + 1;
    }
    this.#rest = this.#join(chunk.subarray(start));
    // No entry is that long: the line is handed on, to be refused, before it fills the memory.
    if (this.#rest.length <= ENTRY_BYTES_MAX) return lines;
    lines.push(this.#rest);
    this.#rest = new Uint8Array(0);
    return lines;
  }

  /** True if bytes stand after the last line feed. */
  get isCut(): boolean {
    return this.#rest.length > 0;
  }

  #join(bytes: Uint8Array): Uint8Array {
    if (this.#rest.length === 0) return bytes;
    return concatBytes([this.#rest, bytes]);
  }
}
