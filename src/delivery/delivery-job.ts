/** What each tick sends of orgs' streams to their receivers. Orgs that have none cost nothing. */

import { findStreamTargets, type StreamTarget } from "#delivery/store/stream-targets.ts";
import type { Job } from "#platform/jobs/job.ts";
import { deploymentStreams } from "#streams/deployment-streams.ts";
import { outletOf } from "#streams/observability.ts";
import { deliverBatch } from "./deliver-batch.ts";

/** Two queries find what is due of a batch: where a deployment has a receiver, most orgs have nothing new. */
const BATCH_ORGS = 25;

export const deliveryJob: Job<readonly StreamTarget[]> = {
  name: "deliver",
  share: 0.2,
  queries: 2,
  // 400 orgs where little is due; where there is much, the run ends with its queries, and another goes on.
  itemsPerRun: 16,
  runsAtOnce: 2,
  // Most of what a push counts is folded then, and the two do not fold the same orgs at once.
  after: "fold",
  async list({ env, shard }, after, limit) {
    const defaults = deploymentStreams(env);
    const hasDefault = (["metrics", "audit"] as const).some((stream) => outletOf(defaults, stream));
    const range = { after, limit: limit * BATCH_ORGS };
    const targets = await findStreamTargets(env.DIRECTORY, { shard, hasDefault }, range);
    const batches = Math.ceil(targets.length / BATCH_ORGS);
    return Array.from({ length: batches }, (_, batch) =>
      targets.slice(batch * BATCH_ORGS, (batch + 1) * BATCH_ORGS),
    );
  },
  placeOf: (targets) => targets.at(-1)?.org ?? "",
  subjectOf: ([first]) => first?.org ?? "",
  step: deliverBatch,
};
