/** The filters of the list of calls, as query parameters. Of what a call may be without, an empty one asks for those. */

import type { CallFilter } from "#calls/call-filter.ts";
import { OUTCOMES } from "#calls/outcome.ts";
import { DURATION_MS_MAX } from "#calls/sample-schema.ts";
import { commaListOf, type Parameter, Refusal, text, time } from "#http/parameters.ts";

/** A duration that is given in milliseconds and read as whole microseconds. */
function durationUs(description: string): Parameter<number | undefined> {
  return {
    description,
    schema: { type: "number", minimum: 0, maximum: DURATION_MS_MAX },
    absent: undefined,
    parse: (given) => {
      const durationMs = /^\d{1,12}(\.\d{1,12})?$/.test(given) ? Number(given) : Number.NaN;
      if (durationMs <= DURATION_MS_MAX) return Math.round(durationMs * 1e3);
      return new Refusal(`must be a number of milliseconds from 0 to ${DURATION_MS_MAX}`);
    },
  };
}

export const CALL_PARAMETERS = {
  plugin: text("Of this plugin"),
  tool: text("Of this tool"),
  workspace: text("Of this workspace"),
  outcome: commaListOf("Comma-separated", OUTCOMES),
  instance: text("Reported by this instance"),
  actor: text("By this actor"),
  trace_id: text("Of this trace"),
  request_id: text("Of this request"),
  session_id: text("Of this session"),
  error_code: text("With this error code"),
  error_hash: text("With this very error message"),
  error_fingerprint: text("With this kind of error"),
  from: time("started_at from, inclusive"),
  to: time("started_at to, exclusive"),
  min_duration_ms: durationUs("At least as long"),
  max_duration_ms: durationUs("At most as long"),
} as const;

export type CallQuery = {
  readonly [Name in keyof typeof CALL_PARAMETERS]: (typeof CALL_PARAMETERS)[Name]["absent"];
};

export function callFilter(query: CallQuery): CallFilter {
  return {
    workspace: query.workspace,
    plugin: query.plugin,
    tool: query.tool,
    instance: query.instance,
    actor: query.actor,
    traceId: query.trace_id?.toLowerCase(),
    requestId: query.request_id,
    sessionId: query.session_id,
    errorCode: query.error_code,
    errorHash: query.error_hash?.toLowerCase(),
    errorFingerprint: query.error_fingerprint?.toLowerCase(),
    outcomes: query.outcome,
    fromMs: query.from,
    toMs: query.to,
    minDurationUs: query.min_duration_ms,
    maxDurationUs: query.max_duration_ms,
  };
}
