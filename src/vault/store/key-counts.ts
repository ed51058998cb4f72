/** Which key-encryption keys wrap data keys of a shard, and how many. */
import type { DataKeyPurpose } from "#vault/data-key-purpose.ts";

/** From one version to the next by the index: it reads a row a version, however many keys there are. */
const VERSIONS = `WITH RECURSIVE keks (kek) AS (
    SELECT min(kek_version) FROM data_keys WHERE kek_version IS NOT NULL
    UNION ALL
    SELECT (SELECT min(kek_version) FROM data_keys WHERE kek_version > keks.kek)
      FROM keks WHERE kek IS NOT NULL
  ) SELECT kek AS version FROM keks WHERE kek IS NOT NULL`;

export async function findKekVersions(db: D1Database): Promise<number[]> {
  const { results } = await db.prepare(VERSIONS).all<{ version: number }>();
  return results.map(({ version }) => version);
}

export interface KeyCount {
  readonly kekVersion: number;
  readonly purpose: DataKeyPurpose;
  readonly keys: number;
}

/** Of a shard: reads all of its keys. */
export async function countKeysByKek(db: D1Database): Promise<KeyCount[]> {
  const { results } = await db
    .prepare(
      `SELECT kek_version AS kekVersion, purpose, count(*) AS keys FROM data_keys
       WHERE kek_version IS NOT NULL GROUP BY kek_version, purpose ORDER BY kek_version, purpose`,
    )
    .all<KeyCount>();
  return results;
}

export interface KeyState {
  readonly purpose: DataKeyPurpose;
  readonly version: number;
  /** Null where it is destroyed. */
  readonly kekVersion: number | null;
  readonly createdAtMs: number;
  readonly supersededAtMs: number | null;
  readonly destroyedAtMs: number | null;
  readonly isDoomed: 0 | 1;
}

/** Of an org, the oldest version first. */
export async function findKeyStates(db: D1Database, org: string): Promise<KeyState[]> {
  const { results } = await db
    .prepare(
      `SELECT purpose, version, kek_version AS kekVersion, created_at_ms AS createdAtMs,
         superseded_at_ms AS supersededAtMs, destroyed_at_ms AS destroyedAtMs, is_doomed AS isDoomed
       FROM data_keys WHERE org = ?1 ORDER BY purpose, version`,
    )
    .bind(org)
    .all<KeyState>();
  return results;
}
