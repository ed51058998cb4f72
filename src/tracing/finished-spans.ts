/** The spans of a trace that has ended, as OTLP carries them and as they are kept for the drill-down. */

import {
  type AttributeValue,
  type Span,
  type SpanLink,
  STATUS_CODE,
  STATUS_UNSET,
} from "#formats/otlp/trace-model.ts";
import type { TraceContext } from "#formats/trace-context/trace-context.ts";
import { formatTracestate } from "#formats/trace-context/tracestate.ts";
import type { ActiveSpan } from "./active-span.ts";
import type { LocalTrace } from "./local-trace.ts";
import { SCOPE } from "./post-spans.ts";
import type { TracePlacement } from "./trace-placement.ts";
import type { TraceSpan } from "./trace-span.ts";

/** `SpanFlags` of trace.proto: the parent is known to be here, or elsewhere. */
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;
const SAMPLED = 0b01;
const RANDOM = 0b10;

export function finishedSpans(trace: LocalTrace, placement: TracePlacement): Span[] {
  const traceState = formatTracestate(placement.tracestate);
  return trace.spans.map((span) => ({
    traceId: placement.traceId,
    spanId: span.id,
    parentSpanId: span.parent?.id ?? placement.parentSpanId,
    traceState,
    flags: traceFlags(placement) | HAS_IS_REMOTE | remoteFlag(span, placement),
    start: { ms: span.startMs, nanos: 0 },
    // A span that still runs, as a stream does after the answer's head, has lasted at least so long.
    end: { ms: span.endMs ?? trace.root.endMs ?? span.startMs, nanos: 0 },
    status: span.errorType === null ? STATUS_UNSET : { code: STATUS_CODE.error, message: "" },
    ...describedSpan(span),
    links: span === trace.root ? linksOf(trace, placement) : [],
  }));
}

export function keptSpans(spans: readonly Span[]): TraceSpan[] {
  return spans.map(({ status, ...span }) => ({
    ...span,
    status: status.code,
    service: SCOPE.name,
  }));
}

function describedSpan(span: ActiveSpan) {
  const { name, kind, attributes } = span.describe();
  const all = new Map<string, AttributeValue>([...attributes, ...(span.laterAttributes ?? [])]);
  if (span.errorType !== null) all.set("error.type", span.errorType);
  if (span.parent === null && span.trace.leftOut > 0) {
    all.set("mcpg.spans_left_out", span.trace.leftOut);
  }
  return { name, kind, attributes: all };
}

function traceFlags({ sampled, random }: Pick<TraceContext, "sampled" | "random">): number {
  return (sampled ? SAMPLED : 0) | (random ? RANDOM : 0);
}

function remoteFlag({ parent }: ActiveSpan, { parentSpanId }: TracePlacement): number {
  return parent === null && parentSpanId !== null ? IS_REMOTE : 0;
}

function linksOf({ link }: LocalTrace, placement: TracePlacement): SpanLink[] {
  return [placement.link, link]
    .filter((context) => context !== null)
    .map((context) => ({
      traceId: context.traceId,
      spanId: context.spanId,
      traceState: formatTracestate(context.tracestate),
      flags: traceFlags(context) | HAS_IS_REMOTE | IS_REMOTE,
      attributes: new Map(),
    }));
}
