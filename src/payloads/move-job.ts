/** Seals callers' payloads anew for the samples that count their calls. */
import { findOrg } from "#orgs/store/orgs.ts";
import { findOrgsWithMoved } from "#payloads/store/moved-payloads.ts";
import type { Job } from "#platform/jobs/job.ts";
import { shardDatabase } from "#platform/shards.ts";
import { moveMarked } from "./move-payloads.ts";

/** Some MB at most. */
const PAGE = 8;

export const moveJob: Job<string> = {
  name: "payload-moves",
  // A run on each shard is enough: most are small, and asked for before.
  share: 0,
  // The org, the page, a key of each row and the newest, and its row.
  queries: 2 + 3 * PAGE,
  list: ({ env, shard }, after, limit) =>
    findOrgsWithMoved(shardDatabase(env, shard), after, limit),
  placeOf: (org) => org,
  subjectOf: (org) => org,
  async step({ env }, name) {
    const org = await findOrg(env.DIRECTORY, name);
    if (org?.state !== "active") return "done";
    const { rows, settled } = await moveMarked(env, org, { limit: PAGE });
    return rows === PAGE && settled > 0 ? "more" : "done";
  },
};
