/**
 * Ids of spans and traces (W3C Trace Context Level 2 §3.2.2.3 and §3.2.2.4). All bytes are random, so the
 * random flag of a trace that begins here is true. One call for 4 KB of randomness takes as long as one for
 * 16 bytes, and most requests need no more than 24.
 */
import { encodeHex } from "#formats/hex.ts";

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

const pool = new Uint8Array(4_096);
let taken = pool.length;

export function newTraceId(): string {
  return randomHex(TRACE_ID_BYTES);
}

export function newSpanId(): string {
  return randomHex(SPAN_ID_BYTES);
}

/** Random hex digits that are not all zeros, for those are no id. */
function randomHex(bytes: number): string {
  if (taken + bytes > pool.length) {
    crypto.getRandomValues(pool);
    taken = 0;
  }
  const hex = encodeHex(pool.subarray(taken, taken + bytes));
  taken += bytes;
  return /[^0]/.test(hex) ? hex : randomHex(bytes);
}
