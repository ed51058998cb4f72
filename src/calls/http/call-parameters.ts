/** The filters of the list of calls, from query parameters. */

import { OUTCOMES, type Outcome } from "#calls/outcome.ts";
import { DURATION_MS_MAX } from "#calls/sample-schema.ts";
import type { CallFilter } from "#calls/store/find-calls.ts";
import { refuseParameter } from "#http/query.ts";
import { timeParameter } from "#http/time-parameter.ts";

/** Name → what OpenAPI says of it. */
export const CALL_PARAMETERS = {
  plugin: "Of this plugin",
  tool: "Of this tool",
  workspace: "Of this workspace",
  outcome: `Comma-separated: ${OUTCOMES.join(", ")}`,
  instance: "Reported by this instance",
  actor: "By this actor",
  trace_id: "Of this trace",
  error_fingerprint: "With this kind of error",
  from: "started_at from, inclusive",
  to: "started_at to, exclusive",
  min_duration_ms: "At least as long",
  max_duration_ms: "At most as long",
} as const;

type ParameterName = keyof typeof CALL_PARAMETERS;
type CallQuery = Partial<Record<ParameterName, string>>;

export const CALL_PARAMETER_NAMES = Object.keys(CALL_PARAMETERS) as ParameterName[];

export function callFilter(query: CallQuery): CallFilter {
  return {
    workspace: query.workspace,
    plugin: query.plugin,
    tool: query.tool,
    instance: query.instance,
    actor: query.actor,
    traceId: query.trace_id?.toLowerCase(),
    errorFingerprint: query.error_fingerprint?.toLowerCase(),
    outcomes: outcomeList(query.outcome),
    fromMs: timeParameter("from", query.from),
    toMs: timeParameter("to", query.to),
    minDurationUs: durationUs("min_duration_ms", query.min_duration_ms),
    maxDurationUs: durationUs("max_duration_ms", query.max_duration_ms),
  };
}

function outcomeList(value: string | undefined): Outcome[] | undefined {
  if (value === undefined) return undefined;
  const outcomes = value.split(",");
  if (outcomes.every(isOutcome)) return outcomes;
  return refuseParameter("outcome", `must be a comma-separated list of ${OUTCOMES.join(", ")}`);
}

function isOutcome(value: string): value is Outcome {
  return (OUTCOMES as readonly string[]).includes(value);
}

function durationUs(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const durationMs = /^\d{1,12}(\.\d{1,12})?$/.test(value) ? Number(value) : Number.NaN;
  if (durationMs <= DURATION_MS_MAX) return Math.round(durationMs * 1e3);
  return refuseParameter(name, `must be a number of milliseconds from 0 to ${DURATION_MS_MAX}`);
}
