/** Brings to the ledgers what requests recorded and could not bring there themselves. */

import { findOrgsWithPendingActions } from "#orgs/store/operator-actions.ts";
import type { Job } from "#platform/jobs/job.ts";
import type { LogAddress } from "./audit-log.ts";
import { drainSlice } from "./drain-outbox.ts";

export const outboxJob: Job<LogAddress> = {
  name: "outbox",
  share: 0.05,
  queries: 2,
  itemsPerRun: 200,
  // Ledgers called at once, of the six connections that an invocation may have.
  atOnce: 4,
  /** Lists by name and not by age: a frozen log's org stays in the list until the log has a successor. */
  async list({ env, shard }, after, limit) {
    const orgs = await findOrgsWithPendingActions(env.DIRECTORY, shard, { after, limit });
    return orgs.map(({ org, auditLog }) => ({ org, log: auditLog, shard }));
  },
  placeOf: ({ org }) => org,
  subjectOf: ({ org }) => org,
  async step({ env }, address) {
    const progress = await drainSlice(env, address);
    return progress === "more" ? "more" : "done";
  },
};
