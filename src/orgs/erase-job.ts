/** Removes the data of deleted orgs, until only their names are left. */

import { orgParts } from "#orgs/org-lifecycle.ts";
import { eraseOnce, orgTables } from "#orgs/store/erase.ts";
import { findOrgsOnShard, markOrgDeleted } from "#orgs/store/orgs.ts";
import { deleteShardOrg } from "#orgs/store/shard-orgs.ts";
import type { Job } from "#platform/jobs/job.ts";
import { shardDatabase } from "#platform/shards.ts";

/** One query for the org's row on the shard, and one for its row in the directory. */
const ORG_QUERIES = 2;

export const eraseJob: Job<string> = {
  name: "erase",
  share: 0.05,
  get queries() {
    return ORG_QUERIES + orgTables().length;
  },
  msMax: 10_000,
  async list({ env, shard }, after, limit) {
    const orgs = await findOrgsOnShard(env.DIRECTORY, shard, "deleting", { after, limit });
    return orgs.map(({ org }) => org);
  },
  placeOf: (org) => org,
  subjectOf: (org) => org,
  /** Repeats the closing of the shard's row first: the request that deleted the org may have died before it. */
  async step({ env, shard }, org) {
    const db = shardDatabase(env, shard);
    await deleteShardOrg(db, org);
    for (const part of orgParts()) await part.destroyKeys?.(env, org);
    if (!(await eraseOnce(db, org))) return "more";
    await markOrgDeleted(env.DIRECTORY, org);
    return "done";
  },
};
