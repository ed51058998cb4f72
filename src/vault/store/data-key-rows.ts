/** Orgs' data keys, wrapped (migrations/shard/0023_data_keys.sql). */
import type { DataKeyPurpose, KeyedOrg } from "#vault/data-key-purpose.ts";

export interface WrappedDataKey {
  readonly purpose: DataKeyPurpose;
  readonly version: number;
  /** Empty: derived from the first key-encryption key. Null: destroyed, as is `kekVersion`. */
  readonly wrapped: Uint8Array | null;
  readonly kekVersion: number | null;
}

type DataKeyRow = Omit<WrappedDataKey, "wrapped"> & { readonly wrapped: number[] | null };

/** Of one that is being destroyed nothing opens any more. */
export const SELECTED = `purpose, version, CASE is_doomed WHEN 0 THEN wrapped END AS wrapped,
  kek_version AS kekVersion`;

type DataKeyName = Pick<WrappedDataKey, "purpose" | "version">;

export async function findDataKey(
  db: D1Database,
  { org }: Pick<KeyedOrg, "org">,
  { purpose, version }: DataKeyName,
): Promise<WrappedDataKey | null> {
  const row = await db
    .prepare(`SELECT ${SELECTED} FROM data_keys WHERE org = ?1 AND purpose = ?2 AND version = ?3`)
    .bind(org, purpose, version)
    .first<DataKeyRow>();
  return row === null ? null : keyOfRow(row);
}

/** Version 0, which is of before there were versions, is never the newest: nothing is sealed with it any more. */
const NEWEST = `SELECT ${SELECTED} FROM data_keys WHERE org = ?1 AND purpose = ?2 AND version > 0
  ORDER BY version DESC LIMIT 1`;

export async function findNewestDataKey(
  db: D1Database,
  { org }: Pick<KeyedOrg, "org">,
  purpose: DataKeyPurpose,
): Promise<WrappedDataKey | null> {
  const row = await db.prepare(NEWEST).bind(org, purpose).first<DataKeyRow>();
  return row === null ? null : keyOfRow(row);
}

/** Of creators at once one inserts. None does for an org that is gone, nor behind a later version. */
const INSERT = `INSERT INTO data_keys (org, purpose, version, wrapped, kek_version, created_at_ms, entry)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
  WHERE EXISTS (SELECT 1 FROM orgs WHERE org = ?1 AND generation = ?8 AND state = 'active')
    AND NOT EXISTS (SELECT 1 FROM data_keys WHERE org = ?1 AND purpose = ?2 AND version >= ?3)
  ON CONFLICT DO NOTHING`;

export interface NewDataKey extends DataKeyName {
  readonly wrapped: Uint8Array;
  readonly kekVersion: number;
  readonly createdAtMs: number;
  /** What is to be told of it; null where nobody did it. */
  readonly entry: string | null;
}

/** The newest as it is then, whoever made it; null where the org is gone. */
export async function insertDataKey(
  db: D1Database,
  { org, generation }: Pick<KeyedOrg, "org" | "generation">,
  { purpose, version, wrapped, kekVersion, createdAtMs, entry }: NewDataKey,
): Promise<{ newest: WrappedDataKey | null; isOurs: boolean }> {
  const values = [version, wrapped, kekVersion, createdAtMs, entry, generation];
  const [inserted, found] = await db.batch<DataKeyRow>([
    db.prepare(INSERT).bind(org, purpose, ...values),
    db.prepare(NEWEST).bind(org, purpose),
  ]);
  const row = found?.results[0];
  const isOurs = (inserted?.meta.changes ?? 0) > 0;
  return { newest: row === undefined ? null : keyOfRow(row), isOurs };
}

export function keyOfRow({ wrapped, ...row }: DataKeyRow): WrappedDataKey {
  return { ...row, wrapped: wrapped === null ? null : Uint8Array.from(wrapped) };
}
