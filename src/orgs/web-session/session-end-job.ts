/** Removes sessions that came to their end by themselves, and has their orgs' ledgers say so. */
import { actionOf, SYSTEM } from "#orgs/operator.ts";
import {
  deleteEndedSession,
  type EndedSession,
  findEndedSessions,
} from "#orgs/store/web-session-rows.ts";
import type { Job } from "#platform/jobs/job.ts";
import { shardNames } from "#platform/shards.ts";
import { ledgerOfSession } from "./sign-in.ts";
import { sessionTarget } from "./web-session.ts";

export const sessionEndJob: Job<EndedSession> = {
  name: "session-end",
  // One run is enough: sessions are people's, and each that is left over is as dead.
  share: 0,
  runsMax: 1,
  queries: 2,
  /** The directory is one, whatever shards there are: the first one's tick looks after it. */
  async list({ env, shard, nowMs }, _after, limit) {
    return shard === shardNames(env)[0] ? findEndedSessions(env.DIRECTORY, nowMs, limit) : [];
  },
  subjectOf: ({ org }) => org ?? "",
  async step({ env, nowMs }, ended) {
    const deed = {
      org: ledgerOfSession(ended.org),
      action: "operator.session.ended",
      target: sessionTarget(ended),
      details: { reason: ended.reason },
    } as const;
    await deleteEndedSession(env.DIRECTORY, ended, actionOf(SYSTEM, deed, nowMs));
    return "done";
  },
};
