/** Gives the data keys of orgs that set `key_rotation_days` their next version, once they have come to that age. */

import { SYSTEM } from "#orgs/operator.ts";
import type { Org } from "#orgs/org.ts";
import { findOrgsThatRotate } from "#orgs/store/orgs.ts";
import type { Job } from "#platform/jobs/job.ts";
import { shardDatabase } from "#platform/shards.ts";
import { DAY_MS } from "#platform/time.ts";
import { findKeyStates } from "#vault/store/key-counts.ts";
import { rotateKey } from "./rotate-key.ts";

/** The keys as they are, a new key-encryption key's check value, and six for each purpose. */
const QUERIES = 1 + 2 + 3 * 6;

type RotatingOrg = Pick<Org, "org" | "generation" | "keyRotationDays">;

export const keyAgeJob: Job<RotatingOrg> = {
  name: "key-age",
  // A run of 42 orgs a tick and shard, in turn: it is a matter of days.
  share: 0,
  runsMax: 1,
  queries: QUERIES,
  async list({ env, shard }, after, limit) {
    const orgs = await findOrgsThatRotate(env.DIRECTORY, shard, { after, limit });
    return orgs.map(({ org, generation, keyRotationDays }) => ({
      org,
      generation,
      keyRotationDays,
    }));
  },
  placeOf: ({ org }) => org,
  subjectOf: ({ org }) => org,
  async step({ env, shard, nowMs }, { org, generation, keyRotationDays }) {
    if (keyRotationDays === null) return "done";
    const owner = { org, generation, shard };
    const oldMs = nowMs - keyRotationDays * DAY_MS;
    for (const state of await findKeyStates(shardDatabase(env, shard), org)) {
      const { purpose, version, supersededAtMs, createdAtMs } = state;
      const isNewest = supersededAtMs === null && version > 0;
      if (!isNewest || purpose === "error_fingerprint" || createdAtMs > oldMs) continue;
      await rotateKey(env, owner, { purpose, reason: "age" }, SYSTEM);
    }
    return "done";
  },
};
