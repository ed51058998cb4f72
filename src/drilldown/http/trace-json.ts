/** A call's trace on the wire. */
import * as Type from "typebox";
import { EntrySchema, entryJson } from "#audit/http/entry-json.ts";
import type { StoredCall } from "#calls/store/shard-schema.ts";
import type { CallEntry, Decision } from "#drilldown/call-audit.ts";
import type { CallStages, StageSpan } from "#drilldown/call-stages.ts";
import type { CallTrace } from "#drilldown/view-trace.ts";
import { SPAN_KIND, STATUS_CODE } from "#formats/otlp/trace-model.ts";
import { elapsedMs } from "#formats/otlp/unix-nano.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import type { TraceSpan } from "#tracing/trace-span.ts";

const OptionalText = Type.Union([Type.String(), Type.Null()]);

const Timing = {
  span_id: OptionalText,
  started_at: OptionalText,
  duration_ms: Type.Union([Type.Number(), Type.Null()]),
  found_by: Type.Unsafe<StageSpan["foundBy"] | null>({
    enum: ["stage", "parent", "child", "call", null],
    description: "`mcpg.stage` of the span, its place beside the call's own, or the call's own",
  }),
};

const SpanSchema = Type.Object(
  {
    span_id: Type.String(),
    parent_span_id: OptionalText,
    name: Type.String(),
    kind: Type.Enum(Object.keys(SPAN_KIND)),
    service: OptionalText,
    started_at: Type.String({ format: "date-time" }),
    offset_ms: Type.Number({ description: "After the first span's start" }),
    duration_ms: Type.Number(),
    status: Type.Enum(Object.keys(STATUS_CODE)),
    attributes: Type.Object({}, { additionalProperties: true }),
    invocation_id: OptionalText,
  },
  { title: "Span" },
);

/**
 * What is shown of an entry to those who may not read the ledger: the decision, and neither who asked nor
 * any detail.
 */
const SHOWN_FIELDS = ["action", "outcome", "target", "occurred_at", "recorded_at"] as const;

export const CallTraceSchema = Type.Object(
  {
    identity: Type.Object({
      actor: OptionalText,
      session_id: OptionalText,
      request_id: OptionalText,
      instance_id: Type.String(),
      ...Timing,
    }),
    policy: Type.Object(
      {
        decision: OptionalText,
        action: OptionalText,
        log: Type.Union([Type.Integer(), Type.Null()]),
        seq: Type.Union([Type.Integer(), Type.Null()]),
        ...Timing,
      },
      { description: "As the ledger's entry decided; null where none did" },
    ),
    dispatch: Type.Object({
      workspace: Type.String(),
      plugin: Type.String(),
      tool: Type.String(),
      outcome: Type.String(),
      error_code: OptionalText,
      ...Timing,
    }),
    audit: Type.Array(
      Type.Object({
        log: Type.Integer({ description: "Number of the entry's log; a recovery opens another" }),
        ...EntrySchema.properties,
        event: Type.Object(
          {},
          {
            additionalProperties: true,
            description: `As it was hashed; without \`audit:read\`, ${SHOWN_FIELDS.join(", ")} alone`,
          },
        ),
      }),
    ),
    spans: Type.Array(SpanSchema),
  },
  { title: "CallTrace" },
);

/** The whole event is put in as the text that was hashed. */
function callEntryJson(entry: CallEntry, { isWhole }: { isWhole: boolean }): string {
  const body = isWhole ? entry.body : shownBody(entry.body);
  return `{"log":${entry.log},${entryJson({ ...entry, body }).slice(1)}`;
}

function shownBody(body: string): string {
  const event = JSON.parse(body) as Record<string, unknown>;
  return JSON.stringify(Object.fromEntries(SHOWN_FIELDS.map((field) => [field, event[field]])));
}

/** `readsAudit`: the asker may read the ledger itself. Another is told what was decided, and no more. */
export function traceJson(trace: CallTrace, { readsAudit }: { readsAudit: boolean }): string {
  const { call, stages, decision, entries, spans, calls } = trace;
  const listed = { ...stagesJson(call, stages, decision), spans: spansJson(spans, calls) };
  const texts = entries.map((entry) => callEntryJson(entry, { isWhole: readsAudit }));
  return `${JSON.stringify(listed).slice(0, -1)},"audit":[${texts.join(",")}]}`;
}

function stagesJson(row: StoredCall, stages: CallStages, decision: Decision | null) {
  return {
    identity: {
      actor: row.actor,
      session_id: row.sessionId,
      request_id: row.requestId,
      instance_id: row.instance,
      ...timingJson(stages.identity),
    },
    policy: {
      decision: decision?.outcome ?? null,
      action: decision?.action ?? null,
      log: decision?.log ?? null,
      seq: decision?.seq ?? null,
      ...timingJson(stages.policy),
    },
    dispatch: {
      workspace: row.workspace,
      plugin: row.plugin,
      tool: row.tool,
      outcome: row.outcome,
      error_code: row.errorCode,
      ...timingJson(stages.dispatch),
    },
  };
}

function timingJson(stage: StageSpan | null) {
  if (stage === null) return { span_id: null, started_at: null, duration_ms: null, found_by: null };
  const { span, foundBy } = stage;
  return {
    span_id: span.spanId === "" ? null : span.spanId,
    started_at: formatTimestamp(span.start.ms),
    duration_ms: elapsedMs(span.start, span.end),
    found_by: foundBy,
  };
}

/** The spans in the order of their starts. `calls` gives the sample of a span that has one. */
function spansJson(spans: readonly TraceSpan[], calls: ReadonlyMap<string, string>) {
  const ordered = spans.toSorted((a, b) => -elapsedMs(a.start, b.start));
  const [first] = ordered;
  return ordered.map((span) => ({
    span_id: span.spanId,
    parent_span_id: span.parentSpanId,
    name: span.name,
    kind: nameOf(SPAN_KIND, span.kind) ?? "unspecified",
    service: span.service,
    started_at: formatTimestamp(span.start.ms),
    offset_ms: elapsedMs((first ?? span).start, span.start),
    duration_ms: elapsedMs(span.start, span.end),
    status: nameOf(STATUS_CODE, span.status) ?? "unset",
    attributes: Object.fromEntries(span.attributes),
    invocation_id: calls.get(span.spanId) ?? null,
  }));
}

function nameOf(names: Readonly<Record<string, number>>, value: number): string | undefined {
  return Object.keys(names).find((name) => names[name] === value);
}
