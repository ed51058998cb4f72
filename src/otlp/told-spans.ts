/** A request's spans as pairing sees them. */
import type { Call } from "#calls/call.ts";
import { withLinksAbove } from "#calls/pairing/call-links.ts";
import { countOfRequest, type ServersCount } from "#calls/pairing/count-once.ts";
import { spanClusters } from "#calls/pairing/span-clusters.ts";
import { spanOfCall } from "#calls/pairing/told-calls.ts";
import type { SpanRef, TracedSpan } from "#calls/traced-spans.ts";
import type { ResourceSpans, Span } from "#formats/otlp/trace-model.ts";
import { OT_KEY, parseOtMember } from "#formats/trace-context/ot-member.ts";
import { memberOf, parseTracestate } from "#formats/trace-context/tracestate.ts";
import { inSlices } from "#platform/slices.ts";
import { spansOf } from "./span-calls.ts";

/** What becomes of a request's calls, as far as it tells by itself. */
export interface ToldRequest {
  /** All spans, of which only those of `servers` are undecided. */
  spans: readonly TracedSpan[];
  /** To be counted now, with what they told. */
  servers: ReadonlyMap<Call, TracedSpan>;
  /** Callers', which wait for a server's. */
  callers: readonly Call[];
  /** Those that need not wait, each with the server's that is counted of it. */
  countedAs: ReadonlyMap<Call, Call>;
}

/** To be made of a call, or of any span; and to be told apart, cold. */
const TRACED_COST_US = 4;
const TOLD_COST_US = 10;
/** Clusters that are told apart together, up to a slice: to begin takes longer than a span. */
const TOGETHER_SPANS = 1_000;

/** Spans of a cluster are told apart together, for any may be of another's call; those of others need not be. */
export async function tellRequest(
  traces: readonly ResourceSpans[],
  calls: ReadonlyMap<Span, Call>,
): Promise<ToldRequest> {
  const made = await tracedSpans(traces, calls);
  const linked = linkedAbove(made);
  const told = { spans: [], servers: new Map(), callers: [], countedAs: new Map() };
  const costUs = (together: readonly TracedSpan[]) => together.length * TOLD_COST_US;
  await inSlices(packed(spanClusters([...linked.keys()])), costUs, (together) => {
    tellTogether(together, linked, told);
  });
  return told;
}

function packed(clusters: readonly (readonly TracedSpan[])[]): TracedSpan[][] {
  const packs: TracedSpan[][] = [];
  for (const cluster of clusters) {
    const pack = packs.at(-1);
    if (pack === undefined || pack.length + cluster.length > TOGETHER_SPANS) {
      packs.push([...cluster]);
      continue;
    }
    for (const span of cluster) pack.push(span);
  }
  return packs;
}

interface Telling {
  spans: TracedSpan[];
  servers: Map<Call, TracedSpan>;
  callers: Call[];
  countedAs: Map<Call, Call>;
}

function tellTogether(
  spans: readonly TracedSpan[],
  calls: ReadonlyMap<TracedSpan, Call | undefined>,
  into: Telling,
): void {
  const count = isEachAlone(spans) ? serversAlone(spans) : countOfRequest(spans);
  for (const span of spans) tellSpan(span, calls.get(span), count, into);
  for (const [call, server] of settledCalls(count, calls)) into.countedAs.set(call, server);
}

type Count = Omit<ServersCount, "late">;

function tellSpan(
  span: TracedSpan,
  call: Call | undefined,
  { counted, settled }: Count,
  into: Telling,
): void {
  if (counted.has(span)) {
    into.spans.push(span);
    if (call !== undefined) into.servers.set(call, span);
    return;
  }
  into.spans.push(asKnown(span));
  if (call !== undefined && isCallers(call) && !settled.has(span)) into.callers.push(call);
}

function serversAlone(spans: readonly TracedSpan[]): Count {
  const counted = new Set(spans.filter(({ told }) => told?.side === "server"));
  return { counted, settled: new Map() };
}

function settledCalls(
  { settled }: Count,
  calls: ReadonlyMap<TracedSpan, Call | undefined>,
): [Call, Call][] {
  return Array.from(settled).flatMap(([span, by]): [Call, Call][] => {
    const call = calls.get(span);
    const server = calls.get(by);
    return call === undefined || server === undefined ? [] : [[call, server]];
  });
}

async function tracedSpans(
  traces: readonly ResourceSpans[],
  calls: ReadonlyMap<Span, Call>,
): Promise<Map<TracedSpan, Call | undefined>> {
  const told = new Map<TracedSpan, Call | undefined>();
  await inSlices(
    spansOf(traces),
    () => TRACED_COST_US,
    ([, span]) => {
      const call = calls.get(span);
      const traced = tracedSpan(span, call);
      if (traced !== null) told.set(traced, call);
    },
  );
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
  const spans = [...told.keys()];
  const linked = withLinksAbove(spans);
  if (linked === spans) return told;
  const calls = [...told.values()];
  return new Map(linked.map((span, index) => [span, calls[index]]));
}

/** True where no two calls have a trace or a link in common: of fleets' servers, which need no telling apart. */
function isEachAlone(spans: readonly TracedSpan[]): boolean {
  const traces = new Set<string>();
  for (const { traceId, links, told } of spans) {
    if (told === null) continue;
    if (links.length > 0 || traces.has(traceId)) return false;
    traces.add(traceId);
  }
  return true;
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
