/** A request's spans as pairing sees them. */
import type { Call } from "#calls/call.ts";
import { withLinksAbove } from "#calls/pairing/call-links.ts";
import { countOfRequest } from "#calls/pairing/count-once.ts";
import { spanOfCall } from "#calls/pairing/told-calls.ts";
import type { SpanRef, TracedSpan } from "#calls/traced-spans.ts";
import type { ResourceSpans, Span } from "#formats/otlp/trace-model.ts";
import { OT_KEY, parseOtMember } from "#formats/trace-context/ot-member.ts";
import { memberOf, parseTracestate } from "#formats/trace-context/tracestate.ts";
import { spansOf } from "./span-calls.ts";

/** What becomes of a request's calls, as far as it tells by itself. */
export interface ToldRequest {
  /** All spans, of which only those of `servers` are undecided. */
  spans: readonly TracedSpan[];
  /** To be counted now, with what they told. */
  servers: ReadonlyMap<Call, TracedSpan>;
  /** Callers', which wait for a server's. */
  callers: readonly Call[];
  /** Servers' that another server's span of the request counts. */
  doubled: number;
}

export function tellRequest(
  traces: readonly ResourceSpans[],
  calls: ReadonlyMap<Span, Call>,
): ToldRequest {
  const spans = linkedAbove(tracedSpans(traces, calls));
  const { counted, settled, doubled } = isEachAlone(spans.keys())
    ? { counted: serversOf(spans.keys()), settled: new Set<TracedSpan>(), doubled: 0 }
    : countOfRequest([...spans.keys()]);
  const servers = new Map<Call, TracedSpan>();
  const callers: Call[] = [];
  for (const [span, call] of spans) {
    if (call !== undefined && counted.has(span)) servers.set(call, span);
    else if (call !== undefined && isCallers(call) && !settled.has(span)) callers.push(call);
  }
  const known = [...spans.keys()].map((span) => (counted.has(span) ? span : asKnown(span)));
  return { spans: known, servers, callers, doubled };
}

function tracedSpans(
  traces: readonly ResourceSpans[],
  calls: ReadonlyMap<Span, Call>,
): Map<TracedSpan, Call | undefined> {
  const told = new Map<TracedSpan, Call | undefined>();
  for (const [, span] of spansOf(traces)) {
    const call = calls.get(span);
    const traced = tracedSpan(span, call);
    if (traced !== null) told.set(traced, call);
  }
  return told;
}

function isCallers({ span }: Call): boolean {
  return span?.side !== "server";
}

function tracedSpan(span: Span, call: Call | undefined): TracedSpan | null {
  const { traceId, spanId, parentSpanId } = span;
  if (traceId === "" || spanId === "") return null;
  const links = (span.links ?? []).map((link): SpanRef => {
    return { traceId: link.traceId, spanId: link.spanId };
  });
  if (call !== undefined) return spanOfCall(call, "undecided", links);
  return { traceId, spanId, parentSpanId, links, told: null };
}

function linkedAbove(
  told: ReadonlyMap<TracedSpan, Call | undefined>,
): ReadonlyMap<TracedSpan, Call | undefined> {
  const calls = [...told.values()];
  return new Map(withLinksAbove([...told.keys()]).map((span, index) => [span, calls[index]]));
}

/** True where no two calls have a trace or a link in common: of fleets' servers, which need no telling apart. */
function isEachAlone(spans: Iterable<TracedSpan>): boolean {
  const traces = new Set<string>();
  for (const { traceId, links, told } of spans) {
    if (told === null) continue;
    if (links.length > 0 || traces.has(traceId)) return false;
    traces.add(traceId);
  }
  return true;
}

function serversOf(spans: Iterable<TracedSpan>): ReadonlySet<TracedSpan> {
  return new Set([...spans].filter(({ told }) => told?.side === "server"));
}

function asKnown(span: TracedSpan): TracedSpan {
  return span.told === null ? span : { ...span, told: { ...span.told, standing: "known" } };
}

/** Whether the spans that came are a sample of those there were: by OpenTelemetry's tracestate. */
export function isSampled({ traceState }: Span): boolean {
  if (!traceState.includes(OT_KEY)) return false;
  const value = memberOf(parseTracestate(traceState) ?? [], OT_KEY);
  const member = value === null ? null : parseOtMember(value);
  // Before the threshold there was p, the negative exponent of the probability: 0 is all of them.
  const hasExponent = member?.others.some((other) => /^p:[1-9]/.test(other)) ?? false;
  return hasExponent || (member?.threshold ?? 0n) > 0n;
}
