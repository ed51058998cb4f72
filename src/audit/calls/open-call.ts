/**
 * A call through the gateway between its decision and its end: what the log's object remembers of it, so that
 * it is completed, and counted, whatever becomes of the isolate that serves it.
 */

import type { AuditEvent } from "#audit/audit-event.ts";
import { OWN_DETAILS } from "#formats/ledger/own-details.ts";
import { sha256 } from "#formats/sha256.ts";
import { uuid7FromDigest, uuid7TimeMs } from "#formats/uuid7.ts";

/** Who vouches for what the gateway saw. No token's actor may be of this kind (orgs/token-actor.ts). */
export const GATEWAY_RECORDER = "operator:gateway";

export interface OpenCall {
  /** UUIDv7: of the decision's entry, of the invocation, of the sample. */
  id: string;
  startedAtMs: number;
  workspace: string;
  plugin: string;
  tool: string;
  target: string;
  actor: string;
  /** The token that the caller came by, where `actor` does not show it; else null. */
  tokenId: string | null;
  sessionId: string | null;
  /** The JSON-RPC request's. */
  requestId: string | null;
  traceId: string | null;
  spanId: string | null;
  parentSpanId: string | null;
  /** Of the request to the plugin: what its server's span is below. */
  dispatchSpanId: string | null;
  requestBytes: number;
  /** The HTTP request's. */
  httpRequestId: string;
  /** That request said that nothing of the call is to be kept: nor is it of the requests that the call goes on with. */
  isUncaptured?: true;
  /** False where the org's audit stream is disabled: the call has a sample and no entries. */
  hasEntries: boolean;
}

/** How a call ended: `outcome` and `errorCode` as its sample has them. */
export interface CallEnding {
  outcome: string;
  errorCode: string | null;
  endedAtMs: number;
  /** Null where nobody saw the end. */
  responseBytes: number | null;
  /** It waited for another round, or for its task, until its own time was over. */
  isExpired?: boolean;
}

export interface EndedCall {
  call: OpenCall;
  ending: CallEnding;
  /** The completion that the log did not take, for it is closed or full. */
  unrecorded: AuditEvent | null;
}

/** What an isolate tells of a call's end; the object knows the rest. */
export interface ToldEnd {
  id: string;
  startedAtMs: number;
  ending: CallEnding;
}

export interface ToldWait {
  id: string;
  key: string;
  untilMs: number;
}

/** What an isolate has to tell of its calls, in one go. */
export interface CallNews {
  ends: readonly ToldEnd[];
  /** Ids of calls that are still served. */
  alive: readonly string[];
  waits: readonly ToldWait[];
}

/** A decision on its way into the log, with the call that it opens. */
export interface DecidedCall {
  /** Null where the org's audit stream is disabled. */
  decision: AuditEvent | null;
  /** Null where nothing follows: a resource or a prompt. */
  call: OpenCall | null;
  /** Of a call that was refused: it has a sample, and no completion. */
  ending: CallEnding | null;
  /** The decision was made without the ledger, which may all the same have taken it, and completed the call. */
  isAdopted?: boolean;
}

const COMPLETED = "tool.call.completed";

export function completionOf(call: OpenCall, ending: CallEnding): AuditEvent {
  return eventOfCall(call, {
    event_id: completionId(call.id),
    occurred_at: null,
    outcome:
      ending.outcome === "ok" || ending.outcome === "idempotent_replay" ? "allowed" : "error",
    details: endingDetails(call, ending),
  });
}

/** The end of a call that was given up before: an entry that counts nothing. */
export function lateCompletionOf(
  completed: AuditEvent,
  { id, startedAtMs, ending }: ToldEnd,
): AuditEvent {
  const tokenId = completed.details?.[OWN_DETAILS.tokenId];
  const call = { id, startedAtMs, tokenId: typeof tokenId === "string" ? tokenId : null };
  return {
    ...completed,
    event_id: idFrom("late", id),
    outcome: ending.outcome === "ok" ? "allowed" : "error",
    details: { ...endingDetails(call, ending), late: true },
  };
}

/** True for a completion that says that nobody saw the call's end. */
export function isGivenUp({ action, details, recorded_by }: AuditEvent): boolean {
  const code = details?.["error_code"];
  const isOurs = action === COMPLETED && recorded_by === GATEWAY_RECORDER;
  return isOurs && (code === LOST_CODE || details?.["expired"] === true);
}

export const LOST_CODE = "lost";

/** Both are one's own: whoever repeats a completion, or loses the race for it, meets the entry's unique id. */
export function completionId(callId: string): string {
  return idFrom("completed", callId);
}

function idFrom(word: string, callId: string): string {
  const digest = sha256(new TextEncoder().encode(`mcpg call ${word} ${callId}`));
  return uuid7FromDigest(uuid7TimeMs(callId), digest);
}

function endingDetails(
  { id, startedAtMs, tokenId }: Pick<OpenCall, "id" | "startedAtMs" | "tokenId">,
  { outcome, errorCode, endedAtMs, isExpired = false }: CallEnding,
): NonNullable<AuditEvent["details"]> {
  return {
    decision_id: id,
    duration_ms: String(Math.max(0, endedAtMs - startedAtMs)),
    error_code: errorCode,
    outcome,
    ...(isExpired && { expired: true }),
    ...(tokenId !== null && { [OWN_DETAILS.tokenId]: tokenId }),
  };
}

/** An entry about the call, which the gateway vouches for. No instance told of it: it is this service's own. */
export function eventOfCall(
  { id, workspace, target, actor, traceId, httpRequestId }: OpenCall,
  said: Pick<AuditEvent, "event_id" | "occurred_at" | "outcome" | "details"> & { action?: string },
): AuditEvent {
  return {
    action: COMPLETED,
    actor,
    instance_id: null,
    invocation_id: id,
    recorded_by: GATEWAY_RECORDER,
    request_id: httpRequestId,
    target,
    trace_id: traceId,
    workspace,
    ...said,
  };
}
