/**
 * Looks after earlier versions of orgs' data keys: has what is sealed with them sealed anew where its capability can,
 * destroys those that nothing is sealed with any more, and finishes what requests left undone.
 */
import { SYSTEM } from "#orgs/operator.ts";
import { findOrg } from "#orgs/store/orgs.ts";
import type { Env } from "#platform/env.ts";
import type { Job, StepProgress } from "#platform/jobs/job.ts";
import { shardDatabase } from "#platform/shards.ts";
import type { KeyedOrg } from "#vault/data-key-purpose.ts";
import { newestDataKey } from "#vault/data-keys.ts";
import { type KeyUse, keyUses } from "#vault/key-uses.ts";
import { type EarlierKey, findEarlierKeys, findOrgsToLookAfter } from "#vault/store/key-lives.ts";
import { destroyKeys, FINISH_QUERIES, finishDestructions, isUnused } from "./destroy-keys.ts";
import { TELL_QUERIES, tellKeyEntries } from "./key-entries.ts";

/** A purpose's newest key, and dooming and destroying what it superseded. */
const USE_QUERIES = 1 + 1 + FINISH_QUERIES;

export const keyUpkeepJob: Job<string> = {
  name: "key-upkeep",
  // Rotations are rare: a run on each shard is enough, and what others leave comes on top.
  share: 0,
  // What a clock that is ahead takes for unused, others seal with.
  deletesByTime: true,
  get queries() {
    const uses = keyUses().reduce((sum, { queries }) => sum + queries + USE_QUERIES, 0);
    return 1 + 1 + uses + FINISH_QUERIES + TELL_QUERIES;
  },
  list: ({ env, shard }, after, limit) =>
    findOrgsToLookAfter(shardDatabase(env, shard), { after, limit }),
  placeOf: (org) => org,
  subjectOf: (org) => org,
  async step(place, name) {
    const { env } = place;
    const org = await findOrg(env.DIRECTORY, name);
    if (org?.state !== "active") return "done";
    const earlier = await findEarlierKeys(shardDatabase(env, org.shard), org);
    let progress: StepProgress = "done";
    for (const use of keyUses()) {
      const own = earlier.filter(
        ({ purpose, isDoomed }) => purpose === use.purpose && isDoomed === 0,
      );
      if (own.length === 0) continue;
      // What of one purpose cannot be opened keeps no other from being looked after.
      await place.attempt(name, async () => {
        if ((await lookAfter(env, org, use, own)) === "more") progress = "more";
      });
    }
    await finishDestructions(env, org);
    await tellKeyEntries(env, org);
    return progress;
  },
};

async function lookAfter(
  env: Env,
  org: KeyedOrg,
  use: KeyUse,
  earlier: readonly EarlierKey[],
): Promise<StepProgress> {
  const nowMs = Date.now();
  // What was superseded just now is still being sealed with, also behind what is sealed anew: all wait for it.
  if (!earlier.every((key) => isUnused(key, nowMs))) return "done";
  const { version: newest } = await newestDataKey(env, org, use.purpose);
  const progress = (await use.reseal?.(env, org, newest)) ?? "done";
  if (progress === "more") return "more";
  const counts = await use.count(env, org);
  const versions = earlier.map(({ version }) => version).filter((version) => !counts.get(version));
  const reason = "nothing is sealed with it any more";
  await destroyKeys(env, org, { purpose: use.purpose, versions, reason }, SYSTEM);
  return "done";
}
