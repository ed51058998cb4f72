/**
 * Where a request is in a trace, and how that goes on to its plugin: OpenTelemetry's conventions for MCP (SERVER of
 * the call, CLIENT upstream), W3C Trace Context in headers and in `_meta` (SEP-414).
 */
import { SPAN_KIND } from "#formats/otlp/trace-model.ts";
import { extractMetaContext, injectContext } from "#formats/trace-context/trace-context.ts";
import type { MetaContext } from "#gateway/proxy/message/edit-meta.ts";
import type { RpcMessage } from "#gateway/proxy/message/judge-body.ts";
import type { ActiveSpan } from "#tracing/active-span.ts";
import { newSpanId } from "#tracing/random-ids.ts";
import { STAGE_ATTRIBUTE } from "#tracing/trace-span.ts";
import { currentContext } from "#tracing/traced-fetch.ts";
import type { Exchange } from "./exchange.ts";
import { operationAttributes } from "./operation-attributes.ts";

export interface TracePlace {
  readonly traceId: string | null;
  readonly spanId: string | null;
  readonly parentSpanId: string | null;
  readonly dispatchSpanId: string | null;
}

/** The caller's own span is in the message, where there is one: the header's is of the HTTP request around it. */
export function joinTrace({ span }: Exchange, { meta }: RpcMessage): void {
  const context = extractMetaContext(meta);
  if (context !== null) span?.trace.join(context);
}

const NOWHERE = { traceId: null, spanId: null, parentSpanId: null, dispatchSpanId: null };

export async function placeInTrace({ span }: Exchange): Promise<TracePlace> {
  if (span === null) return NOWHERE;
  const { traceId, parentSpanId } = await span.trace.place();
  return { traceId, spanId: span.id, parentSpanId, dispatchSpanId: newSpanId() };
}

/** The span of the request to the plugin: it ends when the answer has. Null outside of a trace. */
export function beginDispatch(
  x: Exchange,
  message: RpcMessage,
  id: string | null,
): ActiveSpan | null {
  if (x.span === null) return null;
  const { name, attributes } = operationAttributes(message);
  const { hostname, port, protocol } = new URL(x.plugin.url);
  const all = new Map([
    ...attributes,
    [STAGE_ATTRIBUTE, "dispatch"],
    ["server.address", hostname],
    ["server.port", Number(port) || (protocol === "https:" ? 443 : 80)],
  ] as const);
  const describe = () => ({ name, kind: SPAN_KIND.client, attributes: all });
  return x.span.trace.start(x.span, describe, { id });
}

export function endDispatch(span: ActiveSpan | null, errorType: string | null): void {
  if (span === null) return;
  span.errorType ??= errorType;
  span.end();
}

/** What the plugin is told of the trace: its span is below `span`. */
export async function carriedContext(span: ActiveSpan | null): Promise<MetaContext | null> {
  const context = span === null ? null : await currentContext(span);
  if (context === null) return null;
  return { tracestate: null, ...injectContext(context, context.spanId) };
}
