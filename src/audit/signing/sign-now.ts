/** Signs one log's head at once, for who cannot wait for the tick. */

import type { LogAddress } from "#audit/audit-log.ts";
import { findAuditLog, insertAuditLog } from "#audit/store/audit-logs.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { shardDatabase } from "#platform/shards.ts";
import { type SigningOutcome, signLogs } from "./signer.ts";

/**
 * Each time an attempt is overtaken, another signer has signed something newer. One that signed a part of a large
 * backlog is followed by the next.
 */
const ATTEMPTS_MAX = 5;

/** Resolves once the head of the time of the call, or a later one, is published. */
export async function signNow(env: Env, address: LogAddress): Promise<void> {
  const db = shardDatabase(env, address.shard);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const row = await findAuditLog(db, address);
    if (row === null) {
      await insertAuditLog(db, address);
      continue;
    }
    const [outcome] = await signLogs(env, address.shard, [row]);
    const progress = progressOf(outcome);
    if (progress === "done") return;
    if (progress === "more") attempt -= 1;
  }
  fail({ kind: "unavailable", retryAfterSeconds: 1 });
}

function progressOf(outcome: SigningOutcome | undefined): "done" | "more" | "again" {
  if (outcome?.kind === "frozen") fail({ kind: "ledger_frozen", reason: outcome.reason });
  if (outcome?.kind === "failed") throw outcome.error;
  if (outcome?.kind !== "published") return "again";
  return outcome.hasMore ? "more" : "done";
}
