/** Removes the data whose retention has ended, part by part: see org-lifecycle.ts. */

import { findOrgsOnShard } from "#orgs/store/orgs.ts";
import type { Job } from "#platform/jobs/job.ts";
import { shardDatabase } from "#platform/shards.ts";
import { orgParts, type RetainedOrg } from "./org-lifecycle.ts";

function prunings() {
  return orgParts().flatMap(({ prune }) => (prune === undefined ? [] : [prune]));
}

export const pruneJob: Job<RetainedOrg> = {
  name: "prune",
  share: 0.05,
  get queries() {
    return prunings().reduce((sum, { queries }) => sum + queries, 0);
  },
  // Each org takes two round trips, which for most find nothing: in all, a hundredth of the database's time.
  itemsPerRun: 50,
  runsMax: 1,
  msMax: 10_000,
  deletesByTime: true,
  async list({ env, shard }, after, limit) {
    const orgs = await findOrgsOnShard(env.DIRECTORY, shard, "active", { after, limit });
    return orgs.map(({ org, retention }) => ({ org, retention }));
  },
  placeOf: ({ org }) => org,
  subjectOf: ({ org }) => org,
  async step({ env, shard, nowMs }, org) {
    const db = shardDatabase(env, shard);
    const chunks = await Promise.all(prunings().map(({ chunk }) => chunk(db, org, nowMs)));
    return chunks.includes("more") ? "more" : "done";
  },
};
