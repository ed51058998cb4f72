/** Counts callers' calls that have waited, each minute: reads do so for themselves. */
import { findOrgsWithWaiting } from "#calls/store/fold/unfolded-orgs.ts";
import { findOrgsNamed } from "#orgs/store/orgs.ts";
import type { ShardedOrg } from "#orgs/store/shard-orgs.ts";
import type { Job } from "#platform/jobs/job.ts";
import { shardDatabase } from "#platform/shards.ts";
import { settleOnce } from "./settle-calls.ts";

/** The most queries of a step: 11 for what is due, 40 for what is known, 25 stretches of samples, its transactions'. */
const SETTLE_QUERIES = 331;

export const settleJob: Job<ShardedOrg> = {
  name: "settle",
  share: 0.05,
  queries: SETTLE_QUERIES,
  itemsPerRun: 64,
  msMax: 20_000,
  async list({ env, shard }, after, limit) {
    const names = await findOrgsWithWaiting(shardDatabase(env, shard), after, limit);
    if (names.length === 0) return [];
    const orgs = await findOrgsNamed(env.DIRECTORY, names);
    const generations = new Map(orgs.map(({ org, generation }) => [org, generation]));
    return names.map((org) => ({ org, generation: generations.get(org) ?? 0 }));
  },
  placeOf: ({ org }) => org,
  subjectOf: ({ org }) => org,
  async step({ env, shard }, org) {
    const result = await settleOnce(env, { ...org, shard }, Date.now());
    return result === "empty" ? "done" : "more";
  },
};
