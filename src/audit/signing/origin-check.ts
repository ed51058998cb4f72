/**
 * Whether the deployment still has the name that its logs were signed under. A log that was signed under another
 * can't be signed on, as it says itself; and of a deployment whose logs mostly were, no new log is begun.
 */
import { logOrigin } from "#audit/audit-log.ts";
import { findSignedLogs } from "#audit/store/ledger-seeds.ts";
import type { Env } from "#platform/env.ts";
import { lookOnceIn } from "#platform/look.ts";
import { LOOK_AGAIN_MS, type SettingFault } from "#platform/setting-faults.ts";
import { originHost } from "#platform/settings.ts";
import { shardDatabase, shardNames } from "#platform/shards.ts";
import { wrongOrigin } from "./setting-fault.ts";

/** Of each shard: enough that a few which are odd decide nothing, few enough to be looked at again and again. */
const LOGS_MAX = 32;

/** As of 5 s ago at most. */
export const findOriginFault = lookOnceIn(
  LOOK_AGAIN_MS,
  async (env): Promise<SettingFault | null> => ((await isRenamed(env)) ? wrongOrigin() : null),
);

async function isRenamed(env: Env): Promise<boolean> {
  const found = await Promise.all(
    shardNames(env).map((name) => findSignedLogs(shardDatabase(env, name), LOGS_MAX)),
  );
  const logs = found.flat();
  const host = originHost(env);
  const ours = logs.filter((log) => isUnderOrigin(log.vkey, logOrigin(host, log)));
  return 2 * ours.length < logs.length;
}

/** A key's name is the origin, and has no plus. */
export function isUnderOrigin(vkey: string, origin: string): boolean {
  return vkey.startsWith(`${origin}+`);
}
