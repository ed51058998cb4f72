/** `ExportTraceServiceRequest` as JSON: ids in hex, enums as integers, 64-bit integers as strings. */
import { formatAttributes, formatResource, formatScope } from "./format-attributes.ts";
import type { ResourceSpans, ScopeSpans, Span, SpanLink } from "./trace-model.ts";
import { formatUnixNano } from "./unix-nano.ts";

export function formatTraces(traces: readonly ResourceSpans[]): object {
  return { resourceSpans: traces.map(formatResourceSpans) };
}

function formatResourceSpans({ resource, scopeSpans }: ResourceSpans): object {
  return { resource: formatResource(resource), scopeSpans: scopeSpans.map(formatScopeSpans) };
}

function formatScopeSpans({ scope, spans }: ScopeSpans): object {
  return { scope: formatScope(scope), spans: spans.map(formatSpan) };
}

/** What is undefined, JSON leaves out. */
function formatSpan(span: Span): object {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    traceState: span.traceState || undefined,
    parentSpanId: span.parentSpanId ?? undefined,
    flags: span.flags || undefined,
    name: span.name,
    kind: span.kind,
    startTimeUnixNano: formatUnixNano(span.start),
    endTimeUnixNano: formatUnixNano(span.end),
    attributes: formatAttributes(span.attributes),
    links: span.links?.map(formatLink),
    status: { code: span.status.code || undefined, message: span.status.message || undefined },
  };
}

function formatLink(link: SpanLink): object {
  return {
    traceId: link.traceId,
    spanId: link.spanId,
    traceState: link.traceState || undefined,
    attributes: formatAttributes(link.attributes),
    flags: link.flags || undefined,
  };
}
