/** Key-encryption keys that data keys need and that are not set, or are others: for readiness and the cron. */
import type { Env } from "#platform/env.ts";
import { FailureError, fail } from "#platform/errors.ts";
import { ExpiringMap } from "#platform/expiring-map.ts";
import { logError } from "#platform/log-error.ts";
import { shardDatabase, shardNames } from "#platform/shards.ts";
import { findKekVersions } from "#vault/store/key-counts.ts";
import { findWrongKeks, type KekFault } from "./kek-check.ts";
import { kekSetting, payloadKeks } from "./root-keys.ts";

/** `/readyz` is anyone's to ask: an isolate looks once in so long. */
const LOOK_AGAIN_MS = 5_000;
const looks = new WeakMap<Env, ExpiringMap<KekFault[]>>();

/** As of 5 s ago at most. */
async function findKekFaults(env: Env): Promise<KekFault[]> {
  const look = looks.get(env) ?? new ExpiringMap({ ttlMs: LOOK_AGAIN_MS, entriesMax: 1 });
  looks.set(env, look);
  return (await look.getOrLoad("keks", Date.now(), () => lookForFaults(env))) ?? [];
}

async function lookForFaults(env: Env): Promise<KekFault[]> {
  const wrapping = await Promise.all(
    shardNames(env).map((shard) => findKekVersions(shardDatabase(env, shard))),
  );
  const missing = [...new Set(wrapping.flat())].filter((version) => !payloadKeks(env).has(version));
  const problem = "is not set, and data keys are wrapped by it";
  const faults = missing
    .sort((a, b) => a - b)
    .map((version): KekFault => ({ kind: "misconfigured", setting: kekSetting(version), problem }));
  return [...faults, ...(await findWrongKeks(env))];
}

/** For `/readyz`: fails with the first of what is wrong. */
export async function probeKeks(env: Env): Promise<void> {
  const [first] = await findKekFaults(env);
  if (first !== undefined) fail(first);
}

/** For each tick: one line for each setting that is wrong, and how many are. */
export async function logKekFaults(env: Env): Promise<number> {
  const faults = await findKekFaults(env);
  for (const fault of faults) logError(new FailureError(fault), { job: "tick" });
  return faults.length;
}
