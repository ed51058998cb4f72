/**
 * Which setting keeps a log from being signed: the seed or the deployment's name, as all logs show it, or as this
 * log does itself.
 */
import { type LogAddress, logOrigin } from "#audit/audit-log.ts";
import { type AuditLogRow, findAuditLog } from "#audit/store/audit-logs.ts";
import type { Env } from "#platform/env.ts";
import type { SettingFault } from "#platform/setting-faults.ts";
import { originHost } from "#platform/settings.ts";
import { shardDatabase } from "#platform/shards.ts";
import { ledgerSeeds } from "#vault/root-keys.ts";
import { seedsOfLog } from "./first-seed.ts";
import { findOriginFault, isUnderOrigin } from "./origin-check.ts";
import { findSeedFaults } from "./seed-check.ts";
import { missingSeed, wrongOrigin, wrongSeed } from "./setting-fault.ts";
import { newestSeedVersion, signerOf, vkeyOf } from "./signing-keys.ts";

type LogSeeds = Pick<AuditLogRow, "seedVersion" | "seedChosen" | "rotationSeedVersion">;

/** What is known of a log's key outside of its ledger. */
export interface KeyedLog extends LogSeeds, Pick<AuditLogRow, "org" | "log" | "keyEpoch"> {
  /** Null before the first signature. */
  vkey: string | null;
}

/** The setting's name; null where all is sound. `begunUnder` is the origin that the ledger itself has. */
export async function findLogFault(
  env: Env,
  address: LogAddress,
  begunUnder: string | null,
): Promise<string | null> {
  const origin = logOrigin(originHost(env), address);
  if (begunUnder !== null && begunUnder !== origin) return wrongOrigin().setting;
  const row = await findAuditLog(shardDatabase(env, address.shard), address);
  if (row !== null) return (await findFaults(env, keyedLog(row)))[0]?.setting ?? null;
  const faults = await findSeedFaults(env);
  const fault = faults.get(newestSeedVersion(env)) ?? (await findOriginFault(env));
  return fault?.setting ?? null;
}

function keyedLog({ keys, ...row }: AuditLogRow): KeyedLog {
  return { ...row, vkey: keys.at(-1)?.vkey ?? null };
}

/** All that is wrong; of a log's own key only where its seeds are sound. */
export async function findFaults(env: Env, log: KeyedLog): Promise<SettingFault[]> {
  const faults = await findSeedFaults(env);
  const seeds = seedsOfLog(env, log).flatMap((version) => {
    const missing = ledgerSeeds(env).has(version) ? [] : missingSeed(version);
    return faults.get(version) ?? missing;
  });
  if (seeds.length > 0) return seeds;
  const own = log.vkey === null ? await findOriginFault(env) : keyFault(env, log, log.vkey);
  return own === null ? [] : [own];
}

/** Null where the settings give the key that the log was last signed with. */
function keyFault(
  env: Env,
  log: Omit<KeyedLog, keyof LogSeeds> & Pick<LogSeeds, "seedVersion">,
  vkey: string,
): SettingFault | null {
  const origin = logOrigin(originHost(env), log);
  if (!isUnderOrigin(vkey, origin)) return wrongOrigin();
  const { keyEpoch: epoch, seedVersion } = log;
  return vkeyOf(signerOf(env, { origin, epoch, seedVersion })) === vkey
    ? null
    : wrongSeed(seedVersion);
}
