/** The filters of a list of audit events, as query parameters. */
import { AUDIT_OUTCOMES } from "#audit/audit-event-schema.ts";
import type { AuditFilter } from "#audit/entry-filter.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { refuseParameter } from "#http/query.ts";
import { timeParameter } from "#http/time-parameter.ts";

export const AUDIT_PARAMETERS = {
  action: "Exactly this action",
  action_prefix: "Actions that begin so, e.g. `tool.`",
  actor: "Exactly this actor",
  instance: "Reported by this instance",
  outcome: "One of allowed, denied, deferred, error",
  request_id: "Of this request",
  trace_id: "Of this trace",
  from: "Occurred (else recorded) at or after this time",
  to: "Occurred (else recorded) before this time",
  log: "Number of an earlier log of the org",
} as const;

type AuditQuery = Partial<Record<keyof typeof AUDIT_PARAMETERS, string>>;

/** Longer than any value that is stored: no index needs to be asked. */
const VALUE_LENGTH_MAX = 256;

export function auditFilter(query: AuditQuery): AuditFilter {
  for (const [name, value] of Object.entries(query)) {
    if (name !== "log" && value.length > VALUE_LENGTH_MAX) refuseParameter(name, "is too long");
  }
  const { outcome } = query;
  requireOutcome(outcome);
  // As the values were normalised when they came in.
  const text = (value: string | undefined) => value?.normalize("NFC") ?? null;
  return {
    action: text(query.action),
    actionPrefix: query.action_prefix || null,
    actor: text(query.actor),
    instance: text(query.instance),
    outcome: text(outcome),
    requestId: text(query.request_id),
    traceId: text(query.trace_id?.toLowerCase()),
    from: time("from", query.from),
    to: time("to", query.to),
  };
}

function requireOutcome(outcome: string | undefined): void {
  if (outcome === undefined || AUDIT_OUTCOMES.some((known) => known === outcome)) return;
  refuseParameter("outcome", `must be one of ${AUDIT_OUTCOMES.join(", ")}`);
}

function time(name: string, value: string | undefined): string | null {
  const ms = timeParameter(name, value);
  return ms === undefined ? null : formatTimestamp(ms);
}
