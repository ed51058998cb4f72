/** Key-encryption keys that data keys need and that are not set, or are others: for readiness and the cron. */
import type { Env } from "#platform/env.ts";
import { lookOnceIn } from "#platform/look.ts";
import { LOOK_AGAIN_MS, type SettingFault } from "#platform/setting-faults.ts";
import { shardDatabase, shardNames } from "#platform/shards.ts";
import { findKekVersions } from "#vault/store/key-counts.ts";
import { findWrongKeks } from "./kek-check.ts";
import { missingKek, payloadKeks } from "./root-keys.ts";

/** As of 5 s ago at most. */
export const findKekFaults = lookOnceIn(LOOK_AGAIN_MS, lookForFaults);

async function lookForFaults(env: Env): Promise<SettingFault[]> {
  const wrapping = await Promise.all(
    shardNames(env).map((shard) => findKekVersions(shardDatabase(env, shard))),
  );
  const missing = [...new Set(wrapping.flat())].filter((version) => !payloadKeks(env).has(version));
  return [...missing.sort((a, b) => a - b).map(missingKek), ...(await findWrongKeks(env))];
}
