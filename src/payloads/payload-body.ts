/**
 * A payload as it is sealed: compressed where that saves a size class, and padded to its class.
 *
 *     flags (1 byte: 1 compressed, 2 cut), size of the whole (8), length of the body (4),
 *     BLAKE3-256 of the whole where it is cut (32), body: UTF-8 or its raw DEFLATE (RFC 1951), zeros
 *
 * Numbers are big-endian. Whoever can put text of his own beside a secret, and sees lengths, learns of it by how well
 * both compress together: the classes make that slow, and that it tells of D1's operator alone.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { paddedSize } from "./padded-size.ts";
import { PAYLOAD_BYTES_MAX, type PayloadContent } from "./payload-size.ts";

const COMPRESSED = 1;
const CUT = 2;
const HEAD_BYTES = 13;
const HASH_BYTES = 32;
/**
 * The fastest: JSON of tools shrinks to a third by any level. All at once, for a stream a payload costs five times what
 * DEFLATE does of a few KiB; 256 KiB take some milliseconds.
 */
const LEVEL = { level: 1 };

export function encodeBody({ kept, bytes, blake3 }: PayloadContent): Uint8Array {
  const headBytes = HEAD_BYTES + (blake3?.length ?? 0);
  const compressed = compressedOf(kept, headBytes);
  const body = compressed ?? kept;
  const padded = new Uint8Array(paddedSize(headBytes + body.length));
  const view = new DataView(padded.buffer);
  padded[0] = (compressed === null ? 0 : COMPRESSED) | (blake3 === null ? 0 : CUT);
  view.setBigUint64(1, BigInt(bytes));
  view.setUint32(9, body.length);
  if (blake3 !== null) padded.set(blake3, HEAD_BYTES);
  padded.set(body, headBytes);
  return padded;
}

/** Of what was authenticated: nothing in it is a stranger's word. */
export function decodeBody(padded: Uint8Array): PayloadContent {
  const view = new DataView(padded.buffer, padded.byteOffset, padded.length);
  const flags = padded[0]!;
  const isCut = (flags & CUT) !== 0;
  const from = HEAD_BYTES + (isCut ? HASH_BYTES : 0);
  const body = padded.subarray(from, from + view.getUint32(9));
  return {
    kept: (flags & COMPRESSED) === 0 ? body : inflate(body),
    bytes: Number(view.getBigUint64(1)),
    blake3: isCut ? padded.subarray(HEAD_BYTES, from) : null,
  };
}

/** Null where it would be of the same class. */
function compressedOf(kept: Uint8Array, headBytes: number): Uint8Array | null {
  const plainSize = paddedSize(headBytes + kept.length);
  if (plainSize === paddedSize(0)) return null;
  const compressed = deflateRawSync(kept, LEVEL);
  return paddedSize(headBytes + compressed.length) < plainSize ? compressed : null;
}

function inflate(body: Uint8Array): Uint8Array {
  return inflateRawSync(body, { maxOutputLength: PAYLOAD_BYTES_MAX });
}
