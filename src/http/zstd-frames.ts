/**
 * The frames that a zstd body consists of (RFC 8878 §3.1), found without being decoded: each block says how long
 * it is. node:zlib stops at the end of a frame and says nothing of what follows it, so it is given one at a time.
 */
import { fail } from "#platform/errors.ts";

/** RFC 9659: as a content coding, zstd has windows of at most 8 MiB, which is what a decoder allocates. */
export const ZSTD_WINDOW_LOG_MAX = 23;
const WINDOW_BYTES_MAX = 2 ** ZSTD_WINDOW_LOG_MAX;
/** A frame costs 18 µs, however little is in it, and three times that on a loaded machine: below a second in all. Encoders write one, or one a megabyte. */
const FRAMES_MAX = 16_384;

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const MAGIC_BYTES = 4;
const CHECKSUM_BYTES = 4;
/** By the flag in the descriptor; of a content's size the first is 1 where the content is its own window. */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];
const RLE = 1;
const RESERVED = 3;

/** Skippable frames left out. Fails with 400, or 413 where a frame says that its content is larger than may be. */
export function zstdFrames(bytes: Uint8Array, contentBytesMax: number): Uint8Array[] {
  const reader = new Reader(bytes);
  const frames: Uint8Array[] = [];
  if (reader.isAtEnd) reader.cutShort();
  while (!reader.isAtEnd) {
    const start = reader.offset;
    const magic = reader.number(MAGIC_BYTES);
    if ((magic & 0xfffffff0) === SKIPPABLE_MAGIC) {
      reader.skip(reader.number(4));
      continue;
    }
    if (magic !== MAGIC)
      refuse("have something else than a frame, at their start or after a frame");
    skipFrame(reader, contentBytesMax);
    frames.push(bytes.subarray(start, reader.offset));
    if (frames.length > FRAMES_MAX) refuse(`have more than ${FRAMES_MAX} frames`);
  }
  return frames;
}

/** What follows its magic number. */
function skipFrame(reader: Reader, contentBytesMax: number): void {
  const descriptor = reader.number(1);
  const isOwnWindow = (descriptor & 0x20) !== 0;
  const windowBytes = isOwnWindow ? 0 : windowBytesOf(reader.number(1));
  const dictionaryId = reader.number(DICTIONARY_ID_BYTES[descriptor & 3]!);
  if (dictionaryId !== 0) refuse("need a dictionary, which content codings do not have");
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 && isOwnWindow ? 1 : CONTENT_SIZE_BYTES[sizeFlag]!;
  const contentBytes = reader.number(sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  if (contentBytes > contentBytesMax) fail({ kind: "body_too_large", bytesMax: contentBytesMax });
  if (windowBytes > WINDOW_BYTES_MAX) refuse("need a window of more than 8 MiB (RFC 9659)");
  while (!skipBlock(reader)) {}
  if ((descriptor & 4) !== 0) reader.skip(CHECKSUM_BYTES);
}

function windowBytesOf(descriptor: number): number {
  return 2 ** (10 + (descriptor >> 3)) * (1 + (descriptor & 7) / 8);
}

/** True for the last of its frame. */
function skipBlock(reader: Reader): boolean {
  const header = reader.number(3);
  const type = (header >> 1) & 3;
  if (type === RESERVED) refuse("are damaged");
  reader.skip(type === RLE ? 1 : header >> 3);
  return (header & 1) === 1;
}

class Reader {
  readonly #bytes: Uint8Array;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.offset === this.#bytes.length;
  }

  skip(count: number): void {
    this.offset += count;
    if (this.offset > this.#bytes.length) this.cutShort();
  }

  /** Little-endian; what is above 2⁵³ loses digits, and is more than anything that it is compared with. */
  number(count: number): number {
    const start = this.offset;
    this.skip(count);
    let value = 0;
    for (let at = this.offset; at > start; at--) value = value * 256 + this.#bytes[at - 1]!;
    return value;
  }

  cutShort(): never {
    return refuse("are cut short");
  }
}

function refuse(what: string): never {
  return fail({ kind: "malformed_body", detail: `The zstd data ${what}.` });
}
