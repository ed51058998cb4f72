/** The entries of the ledger that are about one tool call, and what they say of its policy. */
import type { AuditEvent } from "./audit-event.ts";
import type { AuditFilter } from "./audit-filter.ts";
import type { LogEntry } from "./audit-log.ts";

/** As a sample names itself. */
export interface AuditedCall {
  id: string;
  plugin: string;
  tool: string;
  instance: string;
  traceId: string | null;
  requestId: string | null;
}

const ANY: AuditFilter = {
  action: null,
  actionPrefix: null,
  actor: null,
  instance: null,
  outcome: null,
  requestId: null,
  traceId: null,
  from: null,
  to: null,
};

/**
 * What to search the ledger for: it has indexes of traces and of requests, none of invocations. The request
 * ids of JSON-RPC are 1, 2, 3, so that they are looked for in the call's time only.
 */
export function auditSearches(
  call: AuditedCall,
  window: { from: string; to: string },
): AuditFilter[] {
  const { traceId, requestId, instance } = call;
  const searches: AuditFilter[] = [];
  if (traceId !== null) searches.push({ ...ANY, traceId });
  if (requestId !== null) searches.push({ ...ANY, ...window, requestId, instance });
  return searches.length > 0 ? searches : [{ ...ANY, ...window, instance }];
}

/** Each once, oldest first. */
export function entriesOfCall(call: AuditedCall, found: readonly LogEntry[]): LogEntry[] {
  const bySeq = new Map(found.map((entry) => [entry.seq, entry]));
  return [...bySeq.values()]
    .filter(({ body }) => isOfCall(call, JSON.parse(body) as AuditEvent))
    .sort((a, b) => a.seq - b.seq);
}

function isOfCall(call: AuditedCall, event: AuditEvent): boolean {
  if (event.invocation_id !== null) return event.invocation_id === call.id;
  if (!agree(event.trace_id, call.traceId) || !agree(event.request_id, call.requestId))
    return false;
  const { target } = event;
  if (target?.startsWith("tool://") && target !== `tool://${call.plugin}/${call.tool}`)
    return false;
  return isSame(event.trace_id, call.traceId) || isSame(event.request_id, call.requestId);
}

function agree(a: string | null, b: string | null): boolean {
  return a === null || b === null || a === b;
}

function isSame(a: string | null, b: string | null): boolean {
  return a !== null && a === b;
}

const DECISION = /^tool\.call\.(allowed|denied|allowed_with_obligations)$/;

export interface Decision {
  seq: number;
  action: string;
  outcome: string;
}

/** The last entry that decided: an earlier one may have deferred. */
export function decisionOf(entries: readonly LogEntry[]): Decision | null {
  for (const { seq, body } of entries.toReversed()) {
    const { action, outcome } = JSON.parse(body) as AuditEvent;
    if (DECISION.test(action)) return { seq, action, outcome };
  }
  return null;
}
