/** Which setting keeps a log from being signed: its seed as the directory knows it, or as the log itself does. */
import { type LogAddress, logOrigin } from "#audit/audit-log.ts";
import { type AuditLogRow, findAuditLog } from "#audit/store/audit-logs.ts";
import type { Env } from "#platform/env.ts";
import { originHost } from "#platform/settings.ts";
import { shardDatabase } from "#platform/shards.ts";
import { ledgerSeeds, seedSetting } from "#vault/root-keys.ts";
import { findSeedFaults, seedsOfLog } from "./seed-check.ts";
import { signerOf, vkeyOf } from "./signing-keys.ts";

/** The setting's name; null where all is sound. */
export async function findLogFault(env: Env, address: LogAddress): Promise<string | null> {
  const row = await findAuditLog(shardDatabase(env, address.shard), address);
  const versions = row === null ? [1] : seedsOfLog(row);
  const faults = await findSeedFaults(env);
  const wrong = versions.find((version) => faults.has(version) || !ledgerSeeds(env).has(version));
  if (wrong !== undefined) return seedSetting(wrong);
  return row === null || givesItsKey(env, address, row) ? null : seedSetting(row.seedVersion);
}

function givesItsKey(
  env: Env,
  address: LogAddress,
  { keys, keyEpoch: epoch, seedVersion }: AuditLogRow,
): boolean {
  const signed = keys.at(-1);
  const origin = logOrigin(originHost(env), address);
  return (
    signed === undefined || signed.vkey === vkeyOf(signerOf(env, { origin, epoch, seedVersion }))
  );
}
