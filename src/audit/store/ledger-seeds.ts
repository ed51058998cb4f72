/** By what the ledger's seeds are known again, and which logs are signed by keys of them. */
import type { SigningKey } from "#audit/signing/signing-key.ts";

const SELECT_KEPT = "SELECT version, check_value AS checkValue FROM ledger_seeds";

interface KeptSeed {
  version: number;
  checkValue: string;
}

/** Check values by the seed's version. */
export async function findKeptSeeds(directory: D1Database): Promise<ReadonlyMap<number, string>> {
  const { results } = await directory.prepare(SELECT_KEPT).all<KeptSeed>();
  return byVersion(results);
}

/** Keeps those of versions that have none, and returns what is kept now: another may have been first. */
export async function keepSeeds(
  directory: D1Database,
  checkValues: ReadonlyMap<number, string>,
  nowMs: number,
): Promise<ReadonlyMap<number, string>> {
  const insert = `INSERT INTO ledger_seeds (version, check_value, kept_at_ms)
    SELECT value ->> 0, value ->> 1, ?2 FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING`;
  const [, kept] = await directory.batch<KeptSeed>([
    directory.prepare(insert).bind(JSON.stringify([...checkValues]), nowMs),
    directory.prepare(SELECT_KEPT),
  ]);
  return byVersion(kept?.results ?? []);
}

function byVersion(seeds: readonly KeptSeed[]): ReadonlyMap<number, string> {
  return new Map(seeds.map(({ version, checkValue }) => [version, checkValue]));
}

/** The key of one log that was signed with this version of the seed; null where there is none. */
export async function findSignedKey(
  shardDb: D1Database,
  seedVersion: number,
): Promise<{ epoch: number; vkey: string } | null> {
  const row = await shardDb
    .prepare(
      `SELECT key_epoch AS epoch, keys FROM audit_logs WHERE seed_version = ?1 AND keys <> '[]' LIMIT 1`,
    )
    .bind(seedVersion)
    .first<{ epoch: number; keys: string }>();
  const newest = row === null ? undefined : (JSON.parse(row.keys) as SigningKey[]).at(-1);
  return row === null || newest === undefined ? null : { epoch: row.epoch, vkey: newest.vkey };
}

/** True if some log can only be signed on with this version of the seed. */
export async function isSeedNeeded(shardDb: D1Database, seedVersion: number): Promise<boolean> {
  const needed = await shardDb
    .prepare(
      `SELECT 1 FROM audit_logs WHERE frozen_reason IS NULL
         AND ((seed_version = ?1 AND keys <> '[]') OR rotation_seed_version = ?1) LIMIT 1`,
    )
    .bind(seedVersion)
    .first();
  return needed !== null;
}
