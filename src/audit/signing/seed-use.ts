/** Which seeds sign logs, and which are not needed any more. */
import type { AuditLogRow } from "#audit/store/audit-logs.ts";
import { isSeedNeeded } from "#audit/store/ledger-seeds.ts";
import type { Env } from "#platform/env.ts";
import { lookOnceIn } from "#platform/look.ts";
import { shardDatabase, shardNames } from "#platform/shards.ts";
import { MINUTE_MS } from "#platform/time.ts";
import { ledgerSeeds, seedSetting } from "#vault/root-keys.ts";
import { newestSeedVersion } from "./signing-keys.ts";

/** The setting that the log's current key derives from, or its first one will. */
export function seedOfLog(env: Env, row: AuditLogRow | null): string {
  const isChosen = row !== null && row.seedChosen === 1;
  return seedSetting(isChosen ? row.seedVersion : newestSeedVersion(env));
}

/**
 * Settings of earlier seeds that no log is signed by any more, as of a minute ago at most: that nothing needs a seed
 * is found by reading every log there is.
 */
export const findRemovableSeeds = lookOnceIn(MINUTE_MS, lookForRemovable);

async function lookForRemovable(env: Env): Promise<string[]> {
  const newest = newestSeedVersion(env);
  const earlier = [...ledgerSeeds(env).keys()].filter((version) => version !== newest);
  const needed = await Promise.all(earlier.map((version) => isNeededAnywhere(env, version)));
  return earlier.filter((_, at) => !needed[at]).map(seedSetting);
}

/** True if a log of any shard can only be signed on with this version of the seed. */
export async function isNeededAnywhere(env: Env, seedVersion: number): Promise<boolean> {
  const answers = shardNames(env).map((name) =>
    isSeedNeeded(shardDatabase(env, name), seedVersion),
  );
  return (await Promise.all(answers)).includes(true);
}
