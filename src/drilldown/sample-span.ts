/** The span of a tool call, made of its sample: a kept span of the call would only say it again. */

import type { Outcome } from "#calls/outcome.ts";
import { type AttributeValue, SPAN_KIND, STATUS_CODE } from "#formats/otlp/trace-model.ts";
import type { UnixNano } from "#formats/otlp/unix-nano.ts";
import type { TraceSpan } from "#tracing/trace-span.ts";

/** A call as its sample is stored. */
export interface SampledCall {
  plugin: string;
  tool: string;
  startedAtMs: number;
  durationUs: number;
  outcome: Outcome;
  errorCode: string | null;
  traceId: string | null;
  spanId: string | null;
  parentSpanId: string | null;
  isCaller: boolean;
}

/** A sample has its start in milliseconds and its duration in microseconds. */
export function sampleSpan(call: SampledCall): TraceSpan {
  const attributes = new Map<string, AttributeValue>([
    ["mcp.method.name", "tools/call"],
    ["gen_ai.tool.name", call.tool],
  ]);
  if (call.errorCode !== null) attributes.set("error.type", call.errorCode);
  const hasFailed = call.outcome !== "ok" && call.outcome !== "idempotent_replay";
  return {
    traceId: call.traceId ?? "",
    spanId: call.spanId ?? "",
    parentSpanId: call.parentSpanId,
    name: `tools/call ${call.tool}`,
    kind: call.isCaller ? SPAN_KIND.client : SPAN_KIND.server,
    start: { ms: call.startedAtMs, nanos: 0 },
    end: after(call.startedAtMs, call.durationUs),
    status: hasFailed ? STATUS_CODE.error : STATUS_CODE.unset,
    attributes,
    service: call.plugin,
  };
}

function after(ms: number, durationUs: number): UnixNano {
  const wholeMs = Math.floor(durationUs / 1_000);
  return { ms: ms + wholeMs, nanos: (durationUs - wholeMs * 1_000) * 1_000 };
}
