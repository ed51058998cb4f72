/** Ends erasures of payloads that a request began. */
import { type Erasure, findErasures, PAGE_QUERIES } from "#payloads/store/erasures.ts";
import type { Job } from "#platform/jobs/job.ts";
import { shardDatabase } from "#platform/shards.ts";
import { eraseOn } from "./erase-payloads.ts";

/** The deed, and a page. */
const STEP_QUERIES = 1 + PAGE_QUERIES;

export const erasureJob: Job<Erasure> = {
  name: "payload-erasure",
  // A run on each shard is enough: there are few, and most end in their requests.
  share: 0,
  queries: STEP_QUERIES,
  msMax: 10_000,
  list: ({ env, shard }, after, limit) => {
    const [org = "", id = ""] = (after ?? "").split(" ");
    return findErasures(shardDatabase(env, shard), [org, id], { limit, nowMs: Date.now() });
  },
  placeOf: ({ deed }) => `${deed.org} ${deed.id}`,
  subjectOf: ({ deed }) => deed.org,
  async step({ env, shard }, erasure) {
    const { isPending } = await eraseOn(env, shardDatabase(env, shard), erasure, () => true);
    return isPending ? "more" : "done";
  },
};
