/** By what key-encryption keys are known again (migrations/directory/0011_payload_keks.sql). */

interface KeptKek {
  readonly version: number;
  readonly checkValue: string;
}

const SELECT = "SELECT version, check_value AS checkValue FROM payload_keks";

/** Check values by version. */
export async function findKeptKeks(directory: D1Database): Promise<ReadonlyMap<number, string>> {
  const { results } = await directory.prepare(SELECT).all<KeptKek>();
  return new Map(results.map(({ version, checkValue }) => [version, checkValue]));
}

/** Since when that version wraps data keys; null where it never did. */
export async function findKeptSince(
  directory: D1Database,
  version: number,
): Promise<number | null> {
  const select = "SELECT kept_at_ms AS sinceMs FROM payload_keks WHERE version = ?1";
  return directory.prepare(select).bind(version).first<number>("sinceMs");
}

/** Keeps it unless the version has one, and returns what is kept: another may have been first. */
export async function keepKek(
  directory: D1Database,
  version: number,
  checkValue: string,
  nowMs: number,
): Promise<string | undefined> {
  const insert = "INSERT INTO payload_keks VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
  const [, found] = await directory.batch<KeptKek>([
    directory.prepare(insert).bind(version, checkValue, nowMs),
    directory.prepare(`${SELECT} WHERE version = ?1`).bind(version),
  ]);
  return found?.results[0]?.checkValue;
}
