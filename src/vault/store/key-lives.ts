/** The later life of data keys: superseded, doomed, destroyed, and told of (migrations/shard/0023_data_keys.sql). */
import type { DataKeyPurpose, KeyedOrg, SealingPurpose } from "#vault/data-key-purpose.ts";

type Owner = Pick<KeyedOrg, "org">;

/** Orgs behind `after` with something to look after: earlier versions, or entries that wait. */
export async function findOrgsToLookAfter(
  db: D1Database,
  { after, limit }: { after: string | null; limit: number },
): Promise<string[]> {
  const { results } = await db
    .prepare(
      `SELECT org FROM data_keys WHERE org > ?1 AND superseded_at_ms IS NOT NULL AND wrapped IS NOT NULL
       UNION SELECT org FROM data_keys WHERE org > ?1 AND entry IS NOT NULL ORDER BY org LIMIT ?2`,
    )
    .bind(after ?? "", limit)
    .all<{ org: string }>();
  return results.map(({ org }) => org);
}

export interface EarlierKey {
  readonly purpose: SealingPurpose;
  readonly version: number;
  readonly supersededAtMs: number;
  readonly isDoomed: 0 | 1;
}

/** Those that are not destroyed yet, the oldest first: 64 a purpose at most. */
export async function findEarlierKeys(db: D1Database, { org }: Owner): Promise<EarlierKey[]> {
  const { results } = await db
    .prepare(
      `SELECT purpose, version, superseded_at_ms AS supersededAtMs, is_doomed AS isDoomed
       FROM data_keys WHERE org = ?1 AND superseded_at_ms IS NOT NULL AND wrapped IS NOT NULL
       ORDER BY purpose, version`,
    )
    .bind(org)
    .all<EarlierKey>();
  return results;
}

export interface Doom {
  readonly purpose: DataKeyPurpose;
  /** Superseded since then, so that no isolate seals with it any more. */
  readonly supersededBeforeMs: number;
  /** What is to be told of each of them, by its version; said once it is destroyed. */
  readonly entries: readonly (readonly [version: number, entry: string])[];
}

/** From here on nothing opens with them, and they are destroyed whatever becomes of the request. */
export async function doomKeys(
  db: D1Database,
  { org }: Owner,
  { purpose, supersededBeforeMs, entries }: Doom,
): Promise<void> {
  await db
    .prepare(
      `UPDATE data_keys SET is_doomed = 1, entry = asked.value ->> 1 FROM json_each(?3) AS asked
       WHERE org = ?1 AND purpose = ?2 AND version = asked.value ->> 0 AND is_doomed = 0
         AND entry IS NULL AND superseded_at_ms <= ?4`,
    )
    .bind(org, purpose, JSON.stringify(entries), supersededBeforeMs)
    .run();
}

/** Of those that are doomed, once their shares are gone. */
export async function destroyDoomedKeys(
  db: D1Database,
  { org }: Owner,
  keys: readonly Pick<EarlierKey, "purpose" | "version">[],
  nowMs: number,
): Promise<void> {
  await db
    .prepare(
      `UPDATE data_keys SET wrapped = NULL, kek_version = NULL, destroyed_at_ms = ?3
       FROM json_each(?2) AS gone
       WHERE org = ?1 AND purpose = gone.value ->> 'purpose' AND version = gone.value ->> 'version'
         AND is_doomed = 1 AND destroyed_at_ms IS NULL`,
    )
    .bind(org, JSON.stringify(keys), nowMs)
    .run();
}

export interface UntoldKey {
  readonly purpose: DataKeyPurpose;
  readonly version: number;
  readonly entry: string;
}

/** A destruction is told of once it is done. */
export async function findUntoldKeys(
  db: D1Database,
  { org }: Owner,
  limit: number,
): Promise<UntoldKey[]> {
  const { results } = await db
    .prepare(
      `SELECT purpose, version, entry FROM data_keys
       WHERE org = ?1 AND entry IS NOT NULL AND is_doomed = (destroyed_at_ms IS NOT NULL)
       ORDER BY entry ->> 'id' LIMIT ?2`,
    )
    .bind(org, limit)
    .all<UntoldKey>();
  return results;
}

/** They are on their way to the ledger. */
export async function markToldKeys(
  db: D1Database,
  { org }: Owner,
  told: readonly UntoldKey[],
): Promise<void> {
  await db
    .prepare(
      `UPDATE data_keys SET entry = NULL FROM json_each(?2) AS told
       WHERE org = ?1 AND purpose = told.value ->> 'purpose' AND version = told.value ->> 'version'
         AND entry = told.value ->> 'entry'`,
    )
    .bind(org, JSON.stringify(told))
    .run();
}
