/** The log that a request is about, and how its ledger's refusals are told. */
import type { Context } from "hono";
import type { AppendResult, ClosedLog, LogAddress, Receipt } from "#audit/audit-log.ts";
import { callLedger, type LedgerStub } from "#audit/ledger-stub.ts";
import { findAuditLog } from "#audit/store/audit-logs.ts";
import { refuseParameter } from "#http/query.ts";
import { forgetOrg, lookUpOrg } from "#orgs/directory.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import type { Org } from "#orgs/org.ts";
import { shardDatabase } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";

export function currentLog({ org, auditLog, shard }: Org): LogAddress {
  return { org, log: auditLog, shard };
}

/** `?log=` names an earlier log of the org; without it, the current one. */
export function askedLog(org: Org, log: string | undefined): LogAddress {
  if (log === undefined) return currentLog(org);
  if (!/^[1-9]\d{0,5}$/.test(log)) return refuseParameter("log", "must be the number of a log");
  if (Number(log) > org.auditLog) return fail({ kind: "not_found" });
  return { ...currentLog(org), log: Number(log) };
}

export function ledgerOf<Answer>(
  c: Context<AppEnv>,
  address: LogAddress,
  call: (ledger: LedgerStub) => Promise<Answer>,
): Promise<Answer> {
  return callLedger(c.env, address, call);
}

/**
 * Writes to the org's current log. The isolate may remember one that has been succeeded since: that
 * log says so, and the org is looked up anew, for the rest of the request too.
 */
export async function writeToLog<Answer extends { kind: string } | null>(
  c: Context<AppEnv>,
  write: (ledger: LedgerStub, address: LogAddress) => Promise<Answer>,
): Promise<Exclude<Answer, ClosedLog>> {
  const address = currentLog(c.var.org);
  await requireKept(c, address);
  const answer = await callLedger(c.env, address, (ledger) => write(ledger, address));
  if (answer?.kind !== "succeeded") return open(answer);
  forgetOrg(c.var.org.org);
  const org = await lookUpOrg(c.env, c.var.org.org, Date.now());
  c.set("org", org ?? fail({ kind: "not_found" }));
  const now = currentLog(c.var.org);
  return open(await callLedger(c.env, now, (ledger) => write(ledger, now)));
}

/**
 * A deleted org's log is there until it has expired. From then on nothing may write to it: that would
 * begin a second log under the first one's name.
 */
export async function requireKept(c: Context<AppEnv>, address: LogAddress): Promise<void> {
  if (c.var.org.state === "active") return;
  const row = await findAuditLog(shardDatabase(c.env, address.shard), address);
  if (row === null) fail({ kind: "not_found" });
}

function open<Answer extends { kind: string } | null>(answer: Answer): Exclude<Answer, ClosedLog> {
  const closed = answer as ClosedLog | null;
  if (closed?.kind === "frozen") fail({ kind: "ledger_frozen", reason: closed.reason });
  // Recovered a moment ago, and the directory does not say so yet.
  if (closed?.kind === "succeeded") fail({ kind: "unavailable", retryAfterSeconds: 1 });
  return answer as Exclude<Answer, ClosedLog>;
}

/** `pointer` names the place of an event in the request. */
export function receiptsOf(
  result: Exclude<AppendResult, ClosedLog>,
  pointer: (index: number) => string,
): Receipt[] {
  if (result.kind === "appended") return result.receipts;
  const at = pointer(result.index);
  if (result.kind === "conflict") {
    fail({ kind: "conflict", detail: `The event_id at ${at} is that of another event.` });
  }
  const message = "must not exceed 65,535 bytes as canonical JSON";
  return fail({ kind: "invalid_request", errors: [{ pointer: at, message }] });
}
