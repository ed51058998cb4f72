/** What a filter asks of a sample, as the conditions of a statement. */
import type { CallFilter } from "#calls/call-filter.ts";
import type { BoundValues } from "#platform/d1/bound-values.ts";

/** Joined by AND; the org is not among them. True where nothing is asked. */
export function sampleConditions(values: BoundValues, filter: CallFilter): string {
  const conditions = [
    equal(values, "workspace", filter.workspace),
    equal(values, "plugin", filter.plugin),
    equal(values, "tool", filter.tool),
    equal(values, "instance", filter.instance),
    equalOrNone(values, "actor", filter.actor),
    equalOrNone(values, "trace_id", filter.traceId),
    equalOrNone(values, "request_id", filter.requestId),
    equalOrNone(values, "session_id", filter.sessionId),
    equalOrNone(values, "error_code", filter.errorCode),
    equalOrNone(values, "error_hash", filter.errorHash),
    equalOrNone(values, "error_fingerprint", filter.errorFingerprint),
    amongOutcomes(values, filter.outcomes),
    bounded(values, "started_at_ms >=", filter.fromMs),
    bounded(values, "started_at_ms <", filter.toMs),
    bounded(values, "duration_us >=", filter.minDurationUs),
    bounded(values, "duration_us <=", filter.maxDurationUs),
  ].filter((condition) => condition !== null);
  return conditions.length === 0 ? "true" : conditions.join(" AND ");
}

function equal(values: BoundValues, column: string, value: string | undefined): string | null {
  return value === undefined ? null : `${column} = ${values.text(value)}`;
}

/** A column that is empty says no more than one that is null. */
function equalOrNone(values: BoundValues, column: string, value: string | undefined) {
  return value === "" ? `coalesce(${column}, '') = ''` : equal(values, column, value);
}

function amongOutcomes(values: BoundValues, outcomes: CallFilter["outcomes"]): string | null {
  if (outcomes === undefined) return null;
  return `outcome IN (${outcomes.map((outcome) => values.text(outcome)).join(", ")})`;
}

function bounded(values: BoundValues, condition: string, bound: number | undefined): string | null {
  return bound === undefined ? null : `${condition} ${values.integer(bound)}`;
}
