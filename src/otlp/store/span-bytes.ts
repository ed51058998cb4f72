/**
 * How many bytes an org's spans take, as the shard's org row counts them (`span_bytes`). Counting each row would
 * cost a small request as much as its spans do. So a row of fewer bytes than a unit counts as a whole unit, as
 * often as its part of the unit says, and else as nothing: by our own chance, which no sender can guess, so that
 * none can make itself look small. After `t` bytes have come the count is off by √(unit · t): 4 MB after a
 * gigabyte, 128 MB after a terabyte.
 */
const UNIT_BYTES = 16_384;

/** What a row has besides its spans: the org, the id, and its part of the page's own. */
export const SPAN_ROW_BYTES = 100;

/** `chance` is at least 0 and less than 1. */
export function countedBytes(bytes: number, chance: number): number {
  if (bytes >= UNIT_BYTES) return bytes;
  return chance * UNIT_BYTES < bytes ? UNIT_BYTES : 0;
}

export async function findSpanBytes(db: D1Database, org: string): Promise<number> {
  const select = "SELECT span_bytes AS bytes FROM orgs WHERE org = ?1";
  return (await db.prepare(select).bind(org).first<number>("bytes")) ?? 0;
}
