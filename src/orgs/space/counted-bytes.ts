/**
 * How many bytes an org has of what comes in rows of some KiB, as the shard's org row counts them. Counting each row
 * would cost a small report as much as the row does. So a row of fewer bytes than a unit counts as a whole unit, as
 * often as its part of the unit says, and else as nothing: by our own chance, which no sender can guess, so that
 * none can make itself look small. After `t` bytes have come the count is off by √(unit · t): 4 MB after a
 * gigabyte, 128 MB after a terabyte.
 */
const UNIT_BYTES = 16_384;

/** `chance` is at least 0 and less than 1. */
export function countedBytes(bytes: number, chance: number): number {
  if (bytes >= UNIT_BYTES) return bytes;
  return chance * UNIT_BYTES < bytes ? UNIT_BYTES : 0;
}
