/**
 * Once there is a newer key-encryption key, has it wrap all data keys, so that the earlier ones may go. What a tick does
 * not come to, or dies over, is still wrapped as it was.
 */
import type { Job, RunPlace } from "#platform/jobs/job.ts";
import { shardDatabase } from "#platform/shards.ts";
import type { WrappedDataKey } from "#vault/store/data-key-rows.ts";
import {
  findKeysBehind,
  findOrgsBehind,
  type OrgBehind,
  replaceWrapped,
} from "#vault/store/rewrapping.ts";
import { requireKek } from "./kek-check.ts";
import { openDataKey, wrapDataKey } from "./open-data-key.ts";
import { newestKekVersion } from "./root-keys.ts";

/** Of an org. Most have three or four. */
const KEYS_MAX = 16;

export const rewrapJob: Job<OrgBehind> = {
  name: "rewrap-keys",
  // A run on each shard is enough: 40 orgs and more a tick, and what others leave comes on top.
  share: 0,
  // The new key's check value, the keys, and one for each.
  queries: 3 + KEYS_MAX,
  list: ({ env, shard }, after, limit) =>
    findOrgsBehind(shardDatabase(env, shard), newestKekVersion(env), { after, limit }),
  placeOf: ({ org }) => org,
  subjectOf: ({ org }) => org,
  async step(place, org) {
    const { env, shard } = place;
    const kekVersion = newestKekVersion(env);
    await requireKek(env, kekVersion);
    const keys = await findKeysBehind(shardDatabase(env, shard), org.org, kekVersion, KEYS_MAX);
    let rewrapped = 0;
    for (const key of keys) {
      await place.attempt(org.org, async () => {
        await rewrap(place, org, key, kekVersion);
        rewrapped += 1;
      });
    }
    // Those that cannot be opened are tried again in the next tick.
    return keys.length === KEYS_MAX && rewrapped > 0 ? "more" : "done";
  },
};

async function rewrap(
  { env, shard }: RunPlace,
  org: OrgBehind,
  key: WrappedDataKey,
  kekVersion: number,
): Promise<void> {
  const owner = { ...org, shard };
  const bytes = await openDataKey(env, owner, key);
  if (bytes === null) throw new Error(`the share of the ${key.purpose} key ${key.version} is gone`);
  const name = { purpose: key.purpose, version: key.version, kekVersion };
  const wrapped = await wrapDataKey(env, owner, name, bytes);
  if (wrapped === null) return;
  await replaceWrapped(shardDatabase(env, shard), org.org, key, { wrapped, kekVersion });
}
