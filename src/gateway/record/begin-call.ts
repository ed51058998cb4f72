/**
 * Decisions on record before anything is done by them: a call is begun, or refused, once its entry is durable
 * and the log's object knows how to complete it. Fails, and so does the call, where that cannot be had.
 */

import type { AppendResult, ClosedLog, LogAddress } from "#audit/audit-log.ts";
import type { CallEnding, DecidedCall, OpenCall } from "#audit/calls/open-call.ts";
import { currentLog, writeToLog } from "#audit/current-log.ts";
import { callLedger } from "#audit/ledger-stub.ts";
import { receiptsOf } from "#audit/receipts.ts";
import { findWaitingKeys } from "#audit/store/decision-outbox.ts";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { FailureError } from "#platform/errors.ts";
import { inTime } from "#platform/in-time.ts";
import { logError } from "#platform/log-error.ts";
import { isAuditStreamAction } from "#streams/observability.ts";
import { streamsOf } from "#streams/streams-of.ts";
import { callOutbox } from "./call-outbox.ts";
import { type CallStart, openCallOf, type Verdict } from "./call-start.ts";
import { actionOfDecision, decisionEvent } from "./decision-event.ts";
import {
  type AfterAnswer,
  type BegunCall,
  ServedCall,
  startOfResumed,
  UnendedCall,
} from "./served-call.ts";
import { keepDecision, resumeKeptCall, UndurableCall } from "./undurable-call.ts";

export type { BegunCall } from "./served-call.ts";

export async function beginCall(
  env: Env,
  ctx: AfterAnswer,
  org: Org,
  start: CallStart,
  verdict: Verdict,
): Promise<BegunCall> {
  const decided = await decidedCall(env, org, start, verdict, null);
  const address = await recorded(env, org, decided);
  if (decided.call === null) return new UnendedCall(start);
  if (address === null) return new UndurableCall(start, decided.call, { env, ctx, org });
  return new ServedCall(start, { env, ctx, address });
}

export interface RefusedSample {
  outcome: "policy_denied" | "quota_exceeded";
  errorCode: string;
}

/** Resolves once the refusal is on record, with its sample. */
export async function refuseCall(
  env: Env,
  _ctx: AfterAnswer,
  org: Org,
  start: CallStart,
  verdict: Verdict,
  { outcome, errorCode }: RefusedSample,
): Promise<void> {
  const endedAtMs = Math.max(start.startedAtMs, Date.now());
  const ending = { outcome, errorCode, endedAtMs, responseBytes: 0 };
  await recorded(env, org, await decidedCall(env, org, start, verdict, ending));
}

/** The call that waits by the key, which goes on here. Null if there is none, or another came first. */
export async function resumeCall(
  env: Env,
  ctx: AfterAnswer,
  org: Org,
  key: string,
): Promise<BegunCall | null> {
  const address = currentLog(org);
  const call = await orPermitted(org, () => resumeInLedger(env, address, key));
  if (call !== null) return new ServedCall(startOfResumed(call), { env, ctx, address });
  if (org.onLedgerFailure !== "permit") return null;
  const kept = await resumeKeptCall(env, org, key);
  return kept === null ? null : new UndurableCall(startOfResumed(kept), kept, { env, ctx, org });
}

/** Those of the keys by which a call waits, which goes on waiting: whoever asks takes nothing over. */
export async function waitingKeys(
  env: Env,
  org: Org,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  const address = currentLog(org);
  const outbox = callOutbox(address);
  const inLedger = await orPermitted(org, async () => {
    for (const key of keys) await outbox.untilTold(env, key);
    return callLedger(env, address, (ledger) => ledger.waitingKeys(keys));
  });
  const isKept = org.onLedgerFailure === "permit";
  const kept = isKept ? await findWaitingKeys(env.DIRECTORY, org.org, keys) : [];
  return new Set([...(inLedger ?? []), ...kept]);
}

async function resumeInLedger(
  env: Env,
  address: LogAddress,
  key: string,
): Promise<OpenCall | null> {
  await callOutbox(address).untilTold(env, key);
  const random = crypto.getRandomValues(new Uint8Array(10));
  const claim = `claim:${uuid7FromRandom(Date.now(), random)}`;
  return callLedger(env, address, (ledger) => ledger.resumeCall(key, claim));
}

async function decidedCall(
  env: Env,
  org: Org,
  start: CallStart,
  verdict: Verdict,
  ending: CallEnding | null,
): Promise<DecidedCall> {
  const { audit } = await streamsOf(env, org.org);
  const hasEntries = audit.enabled || !isAuditStreamAction(actionOfDecision(start.method, verdict));
  const call = openCallOf(start, hasEntries);
  return {
    decision: hasEntries ? decisionEvent(call, start.method, verdict) : null,
    call: start.method === "tools/call" ? call : null,
    ending,
  };
}

/** The log that has it; null where the directory keeps it until a log does, which the org permits. */
async function recorded(env: Env, org: Org, decided: DecidedCall): Promise<LogAddress | null> {
  const address = await orPermitted(org, () => record(env, org, decided));
  if (address === null) await keepDecision(env, org, decided);
  return address;
}

/** Null where the ledger failed, and the org says that its calls go on. */
async function orPermitted<Result>(org: Org, work: () => Promise<Result>): Promise<Result | null> {
  try {
    return await work();
  } catch (error) {
    if (org.onLedgerFailure !== "permit" || !isOfLedger(error)) throw error;
    logError(error, { org: org.org, job: "decision" });
    return null;
  }
}

const LEDGER_FAILURES = ["unavailable", "ledger_frozen", "log_contradicted", "log_full"];

/** What is no failure of our own list was thrown on the way to the object, or by it. */
function isOfLedger(error: unknown): boolean {
  return !(error instanceof FailureError) || LEDGER_FAILURES.includes(error.failure.kind);
}

const DECISION_MS_MAX = 5_000;

/** The log that has it. An object that does not answer is one that cannot be written. */
async function record(env: Env, org: Org, decided: DecidedCall): Promise<LogAddress> {
  const { answer, address } = await inTime(
    writeToLog<AppendResult>(env, org, (ledger, log) => ledger.openCalls(log, [decided])),
    DECISION_MS_MAX,
    () => new FailureError({ kind: "unavailable", retryAfterSeconds: 1 }),
  );
  receiptsOf(answer as Exclude<AppendResult, ClosedLog>, () => "/decision");
  return address;
}
