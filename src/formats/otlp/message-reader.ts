/**
 * Walks protobuf messages field by field (https://protobuf.dev/programming-guides/encoding/). A generated
 * codec makes an object of every message in every span: three times the time, for fields that nobody reads.
 *
 * It holds a stranger's bytes to the format where BinaryReader alone does not: a nested message ends
 * inside its parent, and its last field where it ends. Text that is not UTF-8 has its bad bytes replaced:
 * one attribute must not cost the whole batch.
 */
import { BinaryReader, type WireType } from "@bufbuild/protobuf/wire";
import { MalformedMessage } from "./decode-error.ts";
import { type UnixNano, unixNanoFromHalves } from "./unix-nano.ts";

/** Request, ResourceSpans, ScopeSpans, Span, KeyValue, AnyValue: nothing that nests itself is entered. */
const DEPTH_MAX = 6;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export class MessageReader extends BinaryReader {
  readonly #texts: KnownTexts;
  /** Where each open message ends, innermost last; the first is the request itself. */
  readonly #ends = new Float64Array(DEPTH_MAX);
  #depth = 0;

  constructor(bytes: Uint8Array) {
    super(bytes);
    this.#texts = new KnownTexts(bytes);
    this.#ends[0] = bytes.length;
  }

  /** Enters the nested message whose length comes next. */
  open(): void {
    const end = this.uint32() + this.pos;
    if (end > this.#ends[this.#depth]!) {
      throw new MalformedMessage("a message runs over the end of the one that holds it");
    }
    this.#depth += 1;
    this.#ends[this.#depth] = end;
  }

  /**
   * The next field's tag (field number × 8 + wire type). It is 0 at the end of the
   * message, which is then left.
   */
  nextTag(): number {
    const end = this.#ends[this.#depth]!;
    if (this.pos < end) return this.#tag();
    if (this.pos > end) throw new MalformedMessage("a field runs over the end of its message");
    this.#depth -= 1;
    return 0;
  }

  #tag(): number {
    const tag = this.uint32();
    if (tag < 8) throw new MalformedMessage("a field has the number 0");
    return tag;
  }

  /** Passes over a field that is unknown, or not of the wire type that it should have. */
  skipField(tag: number): void {
    this.skip((tag & 7) as WireType, tag >>> 3);
  }

  /** A string field. */
  text(): string {
    const before = this.pos;
    const length = this.uint32();
    const start = this.pos;
    const known = this.#texts.find(start, length);
    if (known !== undefined) {
      this.pos = start + length;
      return known;
    }
    this.pos = before;
    const text = this.string();
    this.#texts.add(start, length, text);
    return text;
  }

  /** An id in lower-case hex; empty if it is invalid: of another length, or all zeros. */
  id(length: number): string {
    const bytes = this.bytes();
    if (bytes.length !== length) return "";
    let text = "";
    let bits = 0;
    for (const byte of bytes) {
      text += HEX[byte];
      bits |= byte;
    }
    return bits === 0 ? "" : text;
  }

  unixNano(): UnixNano {
    const low = this.fixed32();
    return unixNanoFromHalves(low, this.fixed32());
  }

  /** An int64. */
  integer(): number | bigint {
    const value = BigInt(this.int64());
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
}

/** A power of two. The keys of a span's attributes, and most of their values, are a few dozen texts. */
const SLOTS = 512;
const KNOWN_LENGTH_MAX = 40;

/**
 * Texts already read from these bytes, by where they stand: attribute keys, methods and tool names repeat
 * from span to span, and comparing bytes takes less than making and hashing the string again. Each text has
 * one slot: of two that share a slot the later one stays, which costs time, never truth.
 */
class KnownTexts {
  readonly #bytes: Uint8Array;
  readonly #starts = new Uint32Array(SLOTS);
  readonly #lengths = new Uint32Array(SLOTS);
  readonly #texts = new Array<string>(SLOTS).fill("");

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  find(start: number, length: number): string | undefined {
    if (length > KNOWN_LENGTH_MAX) return undefined;
    const slot = this.#slot(start, length);
    if (this.#lengths[slot] !== length) return undefined;
    const known = this.#starts[slot]!;
    const bytes = this.#bytes;
    for (let at = 0; at < length; at++) {
      if (bytes[known + at] !== bytes[start + at]) return undefined;
    }
    return this.#texts[slot];
  }

  add(start: number, length: number, text: string): void {
    if (length > KNOWN_LENGTH_MAX) return;
    const slot = this.#slot(start, length);
    this.#starts[slot] = start;
    this.#lengths[slot] = length;
    this.#texts[slot] = text;
  }

  /**
   * A hash of a few bytes of the text: keys differ in length or at their ends, and reading all bytes costs
   * as much as comparing them.
   */
  #slot(start: number, length: number): number {
    const bytes = this.#bytes;
    const end = start + length;
    const head = bytes[start]! ^ (bytes[start + (length >> 2)]! << 6);
    const middle = bytes[start + (length >> 1)]! << 12;
    const tail = (bytes[end - 1]! << 18) ^ (bytes[end - 2]! << 24);
    const mixed = Math.imul(head ^ middle ^ tail ^ (length << 3), 0x9e3779b1);
    return (mixed ^ (mixed >>> 15)) & (SLOTS - 1);
  }
}
