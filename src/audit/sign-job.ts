/** Signs the heads of logs that have grown, those that wait longest first. An idle log costs nothing. */

import { signLogs } from "#audit/signing/signer.ts";
import { type AuditLogRow, findLogsToSign } from "#audit/store/audit-logs.ts";
import { isMisconfigured } from "#platform/errors.ts";
import type { Job } from "#platform/jobs/job.ts";
import { shardDatabase } from "#platform/shards.ts";

/** Two calls a log, of the 10,000 that an invocation may make. */
const BATCH_LOGS = 250;

export const signJob: Job<readonly AuditLogRow[]> = {
  name: "sign",
  share: 0.25,
  // Six for all logs of a batch (once in a deployment's life two more, to keep its seed), and two for each
  // that turns out to be frozen.
  queries: 8 + 2 * BATCH_LOGS,
  itemsPerRun: 1,
  runsAtOnce: 4,
  /** Logs that do not fit in the tick are first in the next one. */
  async list({ env, shard }, _after, limit) {
    const db = shardDatabase(env, shard);
    const rows = await findLogsToSign(db, Date.now(), limit * BATCH_LOGS);
    const batches = Math.ceil(rows.length / BATCH_LOGS);
    return Array.from({ length: batches }, (_, batch) =>
      rows.slice(batch * BATCH_LOGS, (batch + 1) * BATCH_LOGS),
    );
  },
  subjectOf: ([first]) => first?.org ?? "",
  /**
   * A log that fails is logged, and comes last in the queue. So does one that a wrong setting keeps from being
   * signed, which the tick tells once for all.
   */
  async step({ env, shard }, rows) {
    const outcomes = await signLogs(env, shard, rows);
    const isFailed = outcomes.some(
      (outcome) => outcome.kind === "failed" && !isMisconfigured(outcome.error),
    );
    if (isFailed) throw new Error("logs could not be signed");
    return "done";
  },
};
