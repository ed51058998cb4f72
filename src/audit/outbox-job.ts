/** Brings to the ledgers what requests recorded and could not bring there themselves. */

import { DRAIN_DECISIONS_QUERIES, drainDecisions } from "#audit/calls/drain-decisions.ts";
import { findOrgsWithPending } from "#orgs/store/operator-actions.ts";
import type { Job } from "#platform/jobs/job.ts";
import type { LogAddress } from "./audit-log.ts";
import { drainSlice } from "./drain-outbox.ts";

interface PendingLog extends LogAddress {
  hasDecisions: boolean;
}

export const outboxJob: Job<PendingLog> = {
  name: "outbox",
  share: 0.05,
  queries: 2,
  itemsPerRun: 200,
  // Ledgers called at once, of the six connections that an invocation may have.
  atOnce: 4,
  /** Lists by name and not by age: a frozen log's org stays in the list until the log has a successor. */
  async list({ env, shard }, after, limit) {
    const range = { after, limit };
    const [acted, decided] = await Promise.all([
      findOrgsWithPending(env.DIRECTORY, "ledger_outbox", shard, range),
      findOrgsWithPending(env.DIRECTORY, "decision_outbox", shard, range),
    ]);
    const deciding = new Set(decided.map(({ org }) => org));
    const logs = new Map([...acted, ...decided].map(({ org, auditLog }) => [org, auditLog]));
    const inOrder = [...logs].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, limit);
    return inOrder.map(([org, log]) => ({ org, log, shard, hasDecisions: deciding.has(org) }));
  },
  placeOf: ({ org }) => org,
  subjectOf: ({ org }) => org,
  async step(place, { hasDecisions, ...address }) {
    const progress = [await drainSlice(place.env, address)];
    if (hasDecisions && place.hasRoomFor(DRAIN_DECISIONS_QUERIES)) {
      progress.push(await drainDecisions(place.env, address, place.nowMs));
    }
    return progress.includes("more") ? "more" : "done";
  },
};
