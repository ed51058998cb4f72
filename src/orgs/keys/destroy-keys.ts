/**
 * Destroys earlier versions of an org's data key: what is still sealed with them opens nowhere any more, in no copy of
 * the databases either. In steps that each may be the last of a request: they are doomed in their rows, from when on
 * nothing opens with them; then a payload's shares go from the ledger's object; then the wrapped keys.
 */
import type { Operator } from "#orgs/operator.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase } from "#platform/shards.ts";
import type { KeyedOrg, SealingPurpose } from "#vault/data-key-purpose.ts";
import { forgetDataKey, REMEMBERED_MS } from "#vault/data-keys.ts";
import { shareKeeper } from "#vault/key-shares.ts";
import {
  destroyDoomedKeys,
  doomKeys,
  type EarlierKey,
  findEarlierKeys,
} from "#vault/store/key-lives.ts";
import { keyEntry } from "./key-entries.ts";

/** Until then an isolate may seal with it; as much again for clocks that differ. */
export const UNUSED_AFTER_MS = 2 * REMEMBERED_MS;

/** Of `finishDestructions`. */
export const FINISH_QUERIES = 2;

export interface Destruction {
  readonly purpose: SealingPurpose;
  /** Earlier ones; those that were superseded too short a time ago stay. */
  readonly versions: readonly number[];
  readonly reason: string;
}

export async function destroyKeys(
  env: Env,
  org: KeyedOrg,
  { purpose, versions, reason }: Destruction,
  by: Operator,
): Promise<void> {
  if (versions.length === 0) return;
  const nowMs = Date.now();
  const entries = versions.map((version) => {
    const deed = { verb: "destroyed", purpose, version, reason } as const;
    return [version, keyEntry(org, deed, by, nowMs)] as const;
  });
  const supersededBeforeMs = nowMs - UNUSED_AFTER_MS;
  await doomKeys(shardDatabase(env, org.shard), org, { purpose, supersededBeforeMs, entries });
  await finishDestructions(env, org);
}

/** Of what is doomed. Idempotent: what a request left undone the cron does. */
export async function finishDestructions(env: Env, org: KeyedOrg): Promise<void> {
  const db = shardDatabase(env, org.shard);
  const earlier = await findEarlierKeys(db, org);
  const doomed = earlier.filter(({ isDoomed }) => isDoomed === 1);
  if (doomed.length === 0) return;
  for (const { purpose, version } of doomed) {
    if (purpose === "payload") await shareKeeper().destroy(env, org, version);
    forgetDataKey(org, purpose, version);
  }
  await destroyDoomedKeys(db, org, doomed, Date.now());
}

export function isUnused({ supersededAtMs }: Pick<EarlierKey, "supersededAtMs">, nowMs: number) {
  return supersededAtMs <= nowMs - UNUSED_AFTER_MS;
}
