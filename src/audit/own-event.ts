import { sha256 } from "#formats/sha256.ts";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import type { AuditEvent } from "./audit-event.ts";

type Said = Pick<AuditEvent, "action" | "actor" | "event_id" | "recorded_by"> &
  Partial<Pick<AuditEvent, "details" | "occurred_at" | "request_id" | "target">>;

/** An event of this service's own: what an operator did, or what a ledger says of itself. No gateway told of it. */
export function ownEvent(said: Said): AuditEvent {
  return {
    details: null,
    occurred_at: null,
    request_id: null,
    target: null,
    ...said,
    instance_id: null,
    invocation_id: null,
    outcome: "allowed",
    trace_id: null,
    workspace: null,
  };
}

/** The same `event_id` for each attempt to record an event, so that it is recorded once. */
export function ownEventId(name: string): string {
  return uuid7FromRandom(0, sha256(new TextEncoder().encode(name)).subarray(0, 10));
}
