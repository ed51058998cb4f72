/**
 * UUID version 7, RFC 9562 §5.7. https://www.rfc-editor.org/rfc/rfc9562#section-5.7
 *
 *   tttttttt-tttt-7aaa-vbbb-bbbbbbbbbbbb
 *
 *   t  48 bits  unix_ts_ms, big-endian: the order of the texts is the order of the times
 *   a  12 bits  rand_a
 *   v   2 bits  variant 10, so this digit is 8, 9, a or b; with b, 62 bits of rand_b
 *
 * Only lower case is written, so that one id has one text: it is a database key.
 */
const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** unix_ts_ms has 48 bits: the last millisecond is in the year 10889. */
export const UUID7_TIME_MAX_MS = 2 ** 48 - 1;

/** rand_a and rand_b are 74 bits: two bytes hold the one, eight the other. */
const RANDOM_BYTES = 10;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** The id in the case that we store, or nothing if the text is no UUIDv7. */
export function parseUuid7(text: string): string | undefined {
  if (text.length !== 36) return undefined;
  const lower = text.toLowerCase();
  return UUID7.test(lower) ? lower : undefined;
}

/** unix_ts_ms of an id that `parseUuid7` returned. */
export function uuid7TimeMs(uuid: string): number {
  return Number.parseInt(uuid.slice(0, 8), 16) * 2 ** 16 + Number.parseInt(uuid.slice(9, 13), 16);
}

/**
 * An id that follows from content, so that a resend has the same one: RFC 9562 §6.9 lets the
 * random bits come from any source that makes them unique, which a digest does. Its first 80 bits
 * are read, 74 of them kept.
 */
export function uuid7FromDigest(timeMs: number, digest: Uint8Array): string {
  return layOut(timeMs, digest);
}

/** A new id. The caller brings ten random bytes, because this file has no effects. */
export function uuid7FromRandom(timeMs: number, randomBytes: Uint8Array): string {
  return layOut(timeMs, randomBytes);
}

/**
 * The smallest id of a millisecond, as the bound of a key range: ids from `a` until before `b` lie
 * in [lowerBound(a), lowerBound(b)). A time that no id can have is clamped, because a caller's
 * `from` and `to` may be any.
 */
export function uuid7LowerBound(timeMs: number): string {
  const clampedMs = Math.min(Math.max(Math.floor(timeMs), 0), UUID7_TIME_MAX_MS);
  return `${formatTime(clampedMs)}-7000-8000-000000000000`;
}

function layOut(timeMs: number, bits: Uint8Array): string {
  if (bits.length < RANDOM_BYTES) {
    throw new RangeError(`a UUIDv7 takes ${RANDOM_BYTES} bytes, got ${bits.length}`);
  }
  const hex = (at: number) => HEX[bits[at]!]!;
  const randA = HEX[0x70 | (bits[0]! & 0x0f)]! + hex(1);
  const randBHigh = HEX[0x80 | (bits[2]! & 0x3f)]! + hex(3);
  const randBLow = hex(4) + hex(5) + hex(6) + hex(7) + hex(8) + hex(9);
  return `${formatTime(timeMs)}-${randA}-${randBHigh}-${randBLow}`;
}

function formatTime(timeMs: number): string {
  if (!(Number.isInteger(timeMs) && timeMs >= 0 && timeMs <= UUID7_TIME_MAX_MS)) {
    throw new RangeError(`a UUIDv7 holds 48 bits of milliseconds, got ${timeMs}`);
  }
  const high = Math.floor(timeMs / 2 ** 16);
  const low = timeMs % 2 ** 16;
  const hex = (word: number, shift: number) => HEX[(word >>> shift) & 0xff]!;
  return `${hex(high, 24)}${hex(high, 16)}${hex(high, 8)}${hex(high, 0)}-${hex(low, 8)}${hex(low, 0)}`;
}
