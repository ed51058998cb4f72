import * as Type from "typebox";
import type { CountedAs } from "#calls/counted-as.ts";
import { OUTCOMES } from "#calls/outcome.ts";
import type { StoredCall } from "#calls/store/shard-schema.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";

const OptionalText = Type.Union([Type.String(), Type.Null()]);
const OptionalBytes = Type.Union([Type.Integer(), Type.Null()]);

export const CallSchema = Type.Object(
  {
    id: Type.String({ description: "UUIDv7" }),
    workspace: Type.String(),
    plugin: Type.String(),
    tool: Type.String(),
    instance_id: Type.String(),
    started_at: Type.String({ format: "date-time" }),
    duration_ms: Type.Number(),
    outcome: Type.Enum([...OUTCOMES]),
    error_code: OptionalText,
    error_hash: OptionalText,
    error_fingerprint: OptionalText,
    actor: OptionalText,
    session_id: OptionalText,
    request_id: OptionalText,
    trace_id: OptionalText,
    span_id: OptionalText,
    parent_span_id: OptionalText,
    request_bytes: OptionalBytes,
    response_bytes: OptionalBytes,
    ingested_at: Type.String({ format: "date-time" }),
    lag_ms: Type.Number({ description: "Arrival minus end of the call; negative by clock skew" }),
    has_payload: Type.Boolean(),
    counted_as: Type.Union([Type.Enum(["__other__", "__unknown__"]), Type.Null()], {
      description:
        "The tool that figures have the call under, where that is not its own; null too while it is not counted yet",
    }),
  },
  { title: "Call" },
);

export const CallListSchema = Type.Object(
  {
    invocations: Type.Array(CallSchema),
    next_cursor: OptionalText,
    scanned_to: Type.Union([Type.String({ format: "date-time" }), Type.Null()], {
      description:
        "This page and those before it have all calls that match and began at that time or later " +
        "(in ascending order: before it); null at the end",
    }),
  },
  { title: "CallList" },
);

/** A call as it is read back: all it was sent with but payloads and message, and when it arrived. */
export function callJson(row: StoredCall): Type.Static<typeof CallSchema> {
  return {
    id: row.id,
    workspace: row.workspace,
    plugin: row.plugin,
    tool: row.tool,
    instance_id: row.instance,
    started_at: formatTimestamp(row.startedAtMs),
    duration_ms: row.durationUs / 1e3,
    outcome: row.outcome,
    error_code: row.errorCode,
    error_hash: row.errorHash,
    error_fingerprint: row.errorFingerprint,
    actor: row.actor,
    session_id: row.sessionId,
    request_id: row.requestId,
    trace_id: row.traceId,
    span_id: row.spanId,
    parent_span_id: row.parentSpanId,
    request_bytes: row.requestBytes,
    response_bytes: row.responseBytes,
    ingested_at: formatTimestamp(row.ingestedAtMs),
    lag_ms: (row.ingestedAtMs * 1e3 - row.startedAtMs * 1e3 - row.durationUs) / 1e3,
    has_payload: row.hasPayload,
    counted_as: row.countedAs as CountedAs | null,
  };
}
