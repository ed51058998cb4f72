/** By what the ledger's seeds are known again, and which logs are signed by keys of them. */
import type { LogKey } from "./audit-logs.ts";

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

/** A log with the key that signs it now. */
export interface SignedLog extends LogKey {
  epoch: number;
  vkey: string;
  signedSize: number;
}

const SIGNED_LOG = `org, log, key_epoch AS epoch, keys ->> '$[#-1].vkey' AS vkey,
  signed_size AS signedSize FROM audit_logs WHERE keys <> '[]'`;

/** Those that were signed with this version of the seed, the largest first. Reads all of the shard's logs. */
export async function findLogsOfSeed(
  shardDb: D1Database,
  seedVersion: number,
  limit: number,
): Promise<SignedLog[]> {
  const { results } = await shardDb
    .prepare(
      `SELECT ${SIGNED_LOG} AND seed_version = ?1
       ORDER BY signed_size DESC, org, log LIMIT ?2`,
    )
    .bind(seedVersion, limit)
    .all<SignedLog>();
  return results;
}

/** Some that were signed at all. Reads no more of the shard than that, and what was never signed. */
export async function findSignedLogs(shardDb: D1Database, limit: number): Promise<SignedLog[]> {
  const { results } = await shardDb
    .prepare(`SELECT ${SIGNED_LOG} LIMIT ?1`)
    .bind(limit)
    .all<SignedLog>();
  return results;
}

/** True if some log can only be signed on with this version of the seed. */
export async function isSeedNeeded(shardDb: D1Database, seedVersion: number): Promise<boolean> {
  const needed = await shardDb
    .prepare(
      `SELECT 1 FROM audit_logs WHERE frozen_reason IS NULL
         AND ((seed_version = ?1 AND seed_chosen = 1) OR rotation_seed_version = ?1) LIMIT 1`,
    )
    .bind(seedVersion)
    .first();
  return needed !== null;
}

const CHOOSE = `UPDATE audit_logs SET seed_version = ?2, seed_chosen = 1
  FROM (SELECT value ->> 'org' AS org, value ->> 'log' AS log FROM json_each(?1)) AS asked
  WHERE audit_logs.org = asked.org AND audit_logs.log = asked.log AND seed_chosen = 0
  RETURNING audit_logs.org, audit_logs.log`;

/** Has the first keys of these logs derive from that version, but for those whose seed was chosen before. */
export async function chooseSeed(
  shardDb: D1Database,
  logs: readonly LogKey[],
  seedVersion: number,
): Promise<LogKey[]> {
  const asked = JSON.stringify(logs.map(({ org, log }) => ({ org, log })));
  const { results } = await shardDb.prepare(CHOOSE).bind(asked, seedVersion).all<LogKey>();
  return results;
}
