/** Which entries of a log a reader asks for. */
import type { AuditEvent } from "./audit-event.ts";

/**
 * Null asks for any. Times are RFC 3339 with milliseconds, in [from, to): when the event occurred, else was
 * recorded.
 */
export interface AuditFilter {
  action: string | null;
  actionPrefix: string | null;
  actor: string | null;
  instance: string | null;
  outcome: string | null;
  requestId: string | null;
  traceId: string | null;
  invocationId: string | null;
  target: string | null;
  workspace: string | null;
  /** From this entry on. */
  fromSeq: number | null;
  from: string | null;
  to: string | null;
}

/** Newest first, or oldest first: by place in the log. */
export type EntryOrder = "desc" | "asc";

export const ANY_EVENT: AuditFilter = {
  action: null,
  actionPrefix: null,
  actor: null,
  instance: null,
  outcome: null,
  requestId: null,
  traceId: null,
  invocationId: null,
  target: null,
  workspace: null,
  fromSeq: null,
  from: null,
  to: null,
};

type StoredEvent = AuditEvent & { recorded_at: string };

/** Whether the event is asked for, wherever it stands. */
export function matchesFilter(event: StoredEvent, filter: AuditFilter): boolean {
  const time = event.occurred_at ?? event.recorded_at;
  return (
    isAsked(filter.action, event.action) &&
    event.action.startsWith(filter.actionPrefix ?? "") &&
    isAsked(filter.actor, event.actor) &&
    isAsked(filter.instance, event.instance_id) &&
    isAsked(filter.outcome, event.outcome) &&
    isAsked(filter.requestId, event.request_id) &&
    isAsked(filter.traceId, event.trace_id) &&
    isAsked(filter.invocationId, event.invocation_id) &&
    isAsked(filter.target, event.target) &&
    isAsked(filter.workspace, event.workspace) &&
    time >= (filter.from ?? "") &&
    (filter.to === null || time < filter.to)
  );
}

function isAsked(asked: string | null, value: string | null): boolean {
  return asked === null || asked === value;
}
