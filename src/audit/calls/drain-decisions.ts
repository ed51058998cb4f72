/**
 * Brings to the ledgers what the gateway decided without them, each call with its end: what nobody tells of is
 * given up here as it is there (ledger/calls), and what ended is counted, however long the ledger takes nothing.
 */

import type { LogAddress } from "#audit/audit-log.ts";
import type { DrainProgress } from "#audit/drain-outbox.ts";
import { callLedger } from "#audit/ledger-stub.ts";
import {
  endDecision,
  findOverdueCalls,
  findSettledEntries,
  findUncountedCalls,
  markCounted,
  type WaitingEntry,
} from "#audit/store/decision-outbox.ts";
import { forgetPending } from "#orgs/store/operator-actions.ts";
import type { Env } from "#platform/env.ts";
import { LOST_CODE, type ToldEnd } from "./open-call.ts";
import { sinkEndedCalls } from "./open-call-sink.ts";

/** Of each kind: an append of 100 entries, and their completions in another. */
const SLICE_MAX = 100;
const GIVEN_UP_MAX = 20;
/** A look for each kind of row, an end for each call that is given up, a mark, a deletion; the samples' own. */
export const DRAIN_DECISIONS_QUERIES = 5 + GIVEN_UP_MAX + 20;

export async function drainDecisions(
  env: Env,
  address: LogAddress,
  nowMs: number,
): Promise<DrainProgress> {
  await giveUpOverdue(env, address, nowMs);
  await countEnded(env, address);
  const entries = await findSettledEntries(env.DIRECTORY, address.org, SLICE_MAX);
  if (entries.length === 0) return "done";
  if ((await bring(env, address, entries)) === "closed") return "closed";
  await forgetPending(
    env.DIRECTORY,
    "decision_outbox",
    entries.map(({ event }) => event.event_id),
  );
  return entries.length < SLICE_MAX ? "done" : "more";
}

async function giveUpOverdue(env: Env, { org }: LogAddress, nowMs: number): Promise<void> {
  const overdue = await findOverdueCalls(env.DIRECTORY, org, { nowMs, limit: GIVEN_UP_MAX });
  for (const { call, dueAtMs, isWaiting } of overdue) {
    await endDecision(env.DIRECTORY, call.id, {
      outcome: "server_error",
      errorCode: isWaiting ? "timeout" : LOST_CODE,
      endedAtMs: Math.max(call.startedAtMs, dueAtMs),
      responseBytes: null,
      ...(isWaiting && { isExpired: true }),
    });
  }
}

async function countEnded(env: Env, address: LogAddress): Promise<void> {
  const ended = await findUncountedCalls(env.DIRECTORY, address.org, SLICE_MAX);
  if (ended.length === 0) return;
  await sinkEndedCalls(env, address, ended);
  await markCounted(
    env.DIRECTORY,
    ended.map(({ call }) => call.id),
  );
}

async function bring(
  env: Env,
  address: LogAddress,
  entries: readonly WaitingEntry[],
): Promise<"taken" | "closed"> {
  let decided = entries.map(({ event, call, ending }) => ({
    decision: event,
    call,
    // A refusal has no completion; all else is completed in the next step.
    ending: event.outcome === "denied" ? ending : null,
    isAdopted: true,
  }));
  while (decided.length > 0) {
    const sent = decided;
    const answer = await callLedger(env, address, (ledger) => ledger.openCalls(address, sent));
    if (answer.kind === "appended") break;
    if (answer.kind !== "conflict") return "closed";
    // The ledger took the decision, and only its answer was lost: it knows the call.
    decided = decided.filter((_, index) => index !== answer.index);
  }
  const ends = entries.flatMap(({ event, call, ending }): ToldEnd[] => {
    if (call === null || ending === null || event.outcome === "denied") return [];
    return [{ id: call.id, startedAtMs: call.startedAtMs, ending }];
  });
  if (ends.length === 0) return "taken";
  await callLedger(env, address, (ledger) =>
    ledger.tellOfCalls(address, { ends, alive: [], waits: [] }),
  );
  return "taken";
}
