/**
 * Whose child a call over MCP is, where two contexts arrive: `params._meta` of the message names the span
 * of whoever made the call, the headers of the HTTP request only the transport's, which may carry several
 * messages or none of the caller's doing. So `_meta` is the parent and the HTTP span a link (OpenTelemetry
 * semantic conventions for MCP, docs/gen-ai/mcp.md "Context propagation"; SEP-414). Without a valid
 * context in `_meta`, the call is a child of the HTTP span.
 */
import type { TraceContext } from "#formats/trace-context/trace-context.ts";

export interface CallContext {
  readonly parent: TraceContext | null;
  readonly link: TraceContext | null;
}

/**
 * `httpContext` is that of our own SERVER span, null where there is none; `metaContext` what
 * `extractMetaContext` read. A `_meta` that names the HTTP span itself needs no link to it.
 */
export function contextOfCall(
  httpContext: TraceContext | null,
  metaContext: TraceContext | null,
): CallContext {
  if (metaContext === null) return { parent: httpContext, link: null };
  const isSame =
    httpContext?.traceId === metaContext.traceId && httpContext.spanId === metaContext.spanId;
  return { parent: metaContext, link: isSame ? null : httpContext };
}
