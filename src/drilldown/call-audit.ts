/** The entries of the ledger that are about one tool call, and what they say of its policy. */
import { isCallDecision } from "#audit/action-vocabulary.ts";
import type { AuditEvent } from "#audit/audit-event.ts";
import type { LogEntry } from "#audit/audit-log.ts";
import { ANY_EVENT, type AuditFilter } from "#audit/entry-filter.ts";

/** A call as its sample names it. */
export interface AuditedCall {
  id: string;
  plugin: string;
  tool: string;
  instance: string;
  traceId: string | null;
  requestId: string | null;
}

/** An entry with its log: after a recovery another entry has the same seq. */
export interface CallEntry extends LogEntry {
  log: number;
}

/** A sample's sender chooses its trace and request: by them it must not reach entries of other kinds. */
const CALL_ACTIONS = "tool.call.";

/**
 * What to search the ledger for. A trace may go on for days and the request ids of JSON-RPC are 1, 2, 3:
 * both are looked for in the call's time only.
 */
export function auditSearches(
  call: AuditedCall,
  window: { from: string; to: string },
): AuditFilter[] {
  const { id, traceId, requestId, instance } = call;
  const nearby = { ...ANY_EVENT, ...window, actionPrefix: CALL_ACTIONS };
  const searches: AuditFilter[] = [{ ...ANY_EVENT, invocationId: id }];
  if (traceId !== null) searches.push({ ...nearby, traceId });
  if (requestId !== null) searches.push({ ...nearby, requestId, instance });
  return searches;
}

/**
 * Whether an entry is about the call. It was found by a search: one by trace or by request kept to the
 * call's time.
 */
export function isEntryOfCall(call: AuditedCall, { body }: LogEntry): boolean {
  const event = JSON.parse(body) as AuditEvent;
  if (event.invocation_id !== null) return event.invocation_id === call.id;
  return (
    event.action.startsWith(CALL_ACTIONS) && agreesOnTarget(call, event) && agreesOnIds(call, event)
  );
}

function agreesOnTarget({ plugin, tool }: AuditedCall, { target }: AuditEvent): boolean {
  return !target?.startsWith("tool://") || target === `tool://${plugin}/${tool}`;
}

/**
 * Whether the event has the call's trace, or its request, whose id is told apart among those of its
 * instance.
 */
function agreesOnIds(call: AuditedCall, event: AuditEvent): boolean {
  if (!agree(event.trace_id, call.traceId) || !agree(event.request_id, call.requestId))
    return false;
  if (isSame(event.trace_id, call.traceId)) return true;
  return isSame(event.request_id, call.requestId) && event.instance_id === call.instance;
}

function agree(a: string | null, b: string | null): boolean {
  return a === null || b === null || a === b;
}

function isSame(a: string | null, b: string | null): boolean {
  return a !== null && a === b;
}

export interface Decision {
  log: number;
  seq: number;
  action: string;
  outcome: string;
}

/** The last entry that decided: an earlier one may have deferred. */
export function decisionOf(entries: readonly CallEntry[]): Decision | null {
  for (const { log, seq, body } of entries.toReversed()) {
    const { action, outcome } = JSON.parse(body) as AuditEvent;
    if (isCallDecision(action)) return { log, seq, action, outcome };
  }
  return null;
}
