/**
 * How much of a payload is kept: all of it up to 256 KiB a field, as JSON in UTF-8. Of a larger one so much, with its
 * true size and a hash of the whole, by which whoever has it elsewhere knows it again.
 */
import { blake3 } from "@noble/hashes/blake3.js";
import type { Stepwise } from "#platform/slices.ts";

/** Nine in ten answers of tools have less than 4 KiB; a row of D1 may have 2 MB, and both fields lie in one. */
export const PAYLOAD_BYTES_MAX = 262_144;

/** 6 ms in JavaScript. */
const HASHED_AT_ONCE_BYTES = 262_144;

/** A field of a payload. */
export interface PayloadContent {
  /** JSON in UTF-8, or the first bytes of it. */
  readonly kept: Uint8Array;
  /** Of the whole. */
  readonly bytes: number;
  /** BLAKE3-256 of the whole; null where it is kept whole. */
  readonly blake3: Uint8Array | null;
}

const utf8 = new TextEncoder();

/**
 * `text` is what may be kept of `known`, by which it is known again: all of it, unless `isCut`. Stops while it hashes,
 * for 4 MiB take 100 ms.
 */
export function* payloadContent(
  text: string,
  known = text,
  isCut = false,
): Stepwise<PayloadContent> {
  const bytes = utf8.encode(text);
  const whole = text === known ? bytes : utf8.encode(known);
  if (!isCut && bytes.length <= PAYLOAD_BYTES_MAX) {
    return { kept: bytes, bytes: whole.length, blake3: null };
  }
  const kept = bytes.subarray(0, characterStart(bytes, PAYLOAD_BYTES_MAX));
  return { kept, bytes: whole.length, blake3: yield* hashOf(whole) };
}

function* hashOf(bytes: Uint8Array): Stepwise<Uint8Array> {
  const hash = blake3.create();
  for (let at = 0; at < bytes.length; at += HASHED_AT_ONCE_BYTES) {
    yield;
    hash.update(bytes.subarray(at, at + HASHED_AT_ONCE_BYTES));
  }
  return hash.digest();
}

/** Where the character begins that the byte is of. */
function characterStart(bytes: Uint8Array, at: number): number {
  if (at >= bytes.length) return bytes.length;
  const isWithin = (bytes[at]! & 0xc0) === 0x80;
  return isWithin ? characterStart(bytes, at - 1) : at;
}
