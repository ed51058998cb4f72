/**
 * The bytes of an event stream cut where events end, at blank lines, in whichever of the three line ends
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream). A client can use
 * nothing of an event before that, so what is whole can pass at once, and what is not can be left out where the
 * stream breaks: an error that we write then begins on a line of its own.
 *
 * Comments between events are cut line by line: they are what keeps a connection alive.
 */
import { concatBytes } from "#formats/concat-bytes.ts";

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;

export class EventBlocks {
  #open: Uint8Array[] = [];
  #openBytes = 0;
  /** Of the line that is not over. */
  #lineBytes = 0;
  #isComment = false;
  /** Whether the open block has a line that is no comment. */
  #hasFields = false;
  /** The last chunk ended with CR, which ended its line: an LF that follows belongs to it. */
  #isAfterCr = false;

  /** Of what came after the last whole block. */
  get openBytes(): number {
    return this.#openBytes;
  }

  /** The blocks that end in the chunk: views of it, or copies of what came in several. */
  push(chunk: Uint8Array): Uint8Array[] {
    const blocks: Uint8Array[] = [];
    const ends = new LineEnds(chunk);
    let at = this.#isAfterCr && chunk[0] === LF ? 1 : 0;
    // Between events that LF passes by itself, or the next block would begin with a blank line.
    let from = this.#openBytes === 0 ? at : 0;
    if (from > 0) blocks.push(chunk.subarray(0, from));
    this.#isAfterCr &&= chunk.length === 0;
    for (let end = ends.next(at); end !== null; end = ends.next(at)) {
      if (this.#endLine(chunk, at, end.start)) {
        blocks.push(this.#cut(chunk.subarray(from, end.after)));
        from = end.after;
      }
      at = end.after;
      this.#isAfterCr = end.isLoneCr && end.after === chunk.length;
    }
    this.#extendLine(chunk, at, chunk.length);
    this.#keep(chunk.subarray(from));
    return blocks;
  }

  /** What is left when the stream ends: an event without its blank line, or a part of one. */
  rest(): Uint8Array {
    return this.#cut(new Uint8Array(0));
  }

  /** Whether a block ends with the line. */
  #endLine(chunk: Uint8Array, from: number, to: number): boolean {
    this.#extendLine(chunk, from, to);
    const isBlank = this.#lineBytes === 0;
    this.#lineBytes = 0;
    if (!isBlank && !this.#isComment) this.#hasFields = true;
    return isBlank || !this.#hasFields;
  }

  #extendLine(chunk: Uint8Array, from: number, to: number): void {
    if (this.#lineBytes === 0) this.#isComment = to > from && chunk[from] === COLON;
    this.#lineBytes += to - from;
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#open.push(bytes);
    this.#openBytes += bytes.length;
  }

  #cut(last: Uint8Array): Uint8Array {
    this.#keep(last);
    const block = concatBytes(this.#open);
    this.#open = [];
    this.#openBytes = 0;
    this.#hasFields = false;
    return block;
  }
}

interface LineEnd {
  readonly start: number;
  readonly after: number;
  readonly isLoneCr: boolean;
}

/** The line ends of a chunk, looked for natively: events have long lines, and few bytes in a chunk end one. */
class LineEnds {
  readonly #chunk: Uint8Array;
  #lf = -1;
  #cr = -1;

  constructor(chunk: Uint8Array) {
    this.#chunk = chunk;
  }

  next(from: number): LineEnd | null {
    if (this.#lf < from) this.#lf = this.#find(LF, from);
    if (this.#cr < from) this.#cr = this.#find(CR, from);
    const start = Math.min(this.#lf, this.#cr);
    if (start === Number.POSITIVE_INFINITY) return null;
    const isPair = this.#cr === start && this.#chunk[start + 1] === LF;
    return { start, after: start + (isPair ? 2 : 1), isLoneCr: this.#cr === start && !isPair };
  }

  #find(byte: number, from: number): number {
    const found = this.#chunk.indexOf(byte, from);
    return found === -1 ? Number.POSITIVE_INFINITY : found;
  }
}
