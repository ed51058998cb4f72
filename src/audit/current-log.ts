/** The log that an org's entries go to now, and writing to it. */

import { findAuditLog } from "#audit/store/audit-logs.ts";
import { forgetOrg, lookUpOrg } from "#orgs/directory.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { shardDatabase } from "#platform/shards.ts";
import type { ClosedLog, LogAddress } from "./audit-log.ts";
import { callLedger, type LedgerStub } from "./ledger-stub.ts";

type LoggedOrg = Pick<Org, "org" | "auditLog" | "shard">;

export function currentLog({ org, auditLog, shard }: LoggedOrg): LogAddress {
  return { org, log: auditLog, shard };
}

interface Written<Answer> {
  answer: Exclude<Answer, ClosedLog>;
  /** The log that was written to. */
  address: LogAddress;
}

/**
 * The isolate may remember a log that has been succeeded since: that log says so, and the org is looked up
 * anew. Fails with `ledger_frozen` where the log takes nothing until it is recovered.
 */
export async function writeToLog<Answer extends { kind: string } | null>(
  env: Env,
  org: Pick<Org, "org" | "auditLog" | "shard" | "state">,
  write: (ledger: LedgerStub, address: LogAddress) => Promise<Answer>,
): Promise<Written<Answer>> {
  const known = currentLog(org);
  await requireKept(env, org, known);
  const answer = await callLedger(env, known, (ledger) => write(ledger, known));
  if (answer?.kind !== "succeeded") return { answer: opened(answer), address: known };
  forgetOrg(org.org);
  const now = await lookUpOrg(env, org.org, Date.now());
  const address = currentLog(now ?? fail({ kind: "not_found" }));
  const second = await callLedger(env, address, (ledger) => write(ledger, address));
  return { answer: opened(second), address };
}

/**
 * A deleted org's log is there until it has expired. From then on nothing may write to it: that would
 * begin a second log under the first one's name.
 */
export async function requireKept(
  env: Env,
  { state }: Pick<Org, "state">,
  address: LogAddress,
): Promise<void> {
  if (state === "active") return;
  const row = await findAuditLog(shardDatabase(env, address.shard), address);
  if (row === null) fail({ kind: "not_found" });
}

function opened<Answer extends { kind: string } | null>(
  answer: Answer,
): Exclude<Answer, ClosedLog> {
  const closed = answer as ClosedLog | null;
  if (closed?.kind === "frozen") fail({ kind: "ledger_frozen", reason: closed.reason });
  // The log was recovered a moment ago, and the directory does not say so yet.
  if (closed?.kind === "succeeded") fail({ kind: "unavailable", retryAfterSeconds: 1 });
  return answer as Exclude<Answer, ClosedLog>;
}
