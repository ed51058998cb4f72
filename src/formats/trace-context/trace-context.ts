/**
 * A request's place in a trace, read from and written to its carrier: W3C Trace Context Level 2
 * §4, https://www.w3.org/TR/trace-context-2/#processing-model. The carrier is the header of an HTTP
 * request, or `params._meta` of an MCP message, which has the same two texts under the same names
 * (SEP-414, https://modelcontextprotocol.io/seps/414).
 */
import { formatTraceparent, parseTraceparent } from "./traceparent.ts";
import { formatTracestate, parseTracestate, type TracestateMember } from "./tracestate.ts";

export interface TraceContext {
  readonly traceId: string;
  /** The caller's span, which is the parent of ours. */
  readonly spanId: string;
  /** The caller's word (§3.2.2.5): a recommendation, which a stranger may abuse (§7.2). */
  readonly sampled: boolean;
  readonly random: boolean;
  readonly tracestate: readonly TracestateMember[];
}

/** What is used of `Headers`, whose `get` joins repeated headers by commas. */
export interface HeaderReader {
  get(name: string): string | null;
}

/** `tracestate` is left out when it is empty: §3.3.2 advises against sending it so. */
export interface TraceHeaders {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** Null if the request is in no trace: without a valid `traceparent`, a new one is to start. */
export function extractContext(headers: HeaderReader): TraceContext | null {
  return readContext(headers.get("traceparent"), headers.get("tracestate"));
}

/** The context in `params._meta`, of which nothing is known. MCP lets the keys be absent. */
export function extractMetaContext(meta: unknown): TraceContext | null {
  if (typeof meta !== "object" || meta === null) return null;
  const { traceparent, tracestate } = meta as { traceparent?: unknown; tracestate?: unknown };
  return readContext(asHeader(traceparent), asHeader(tracestate));
}

/**
 * The headers of a call that is made within `spanId`, a span of ours (§4.1.2 step 4). `sampled` and
 * `tracestate` of the context are our decision by then, no longer the caller's.
 */
export function injectContext(context: TraceContext, spanId: string): TraceHeaders {
  const traceparent = formatTraceparent({ ...context, parentId: spanId });
  const tracestate = formatTracestate(context.tracestate);
  return tracestate === "" ? { traceparent } : { traceparent, tracestate };
}

/** §3.3: a bad traceparent takes its tracestate with it; not the other way round. */
function readContext(traceparent: string | null, tracestate: string | null): TraceContext | null {
  const parent = parseTraceparent(traceparent);
  if (parent === null) return null;
  const { traceId, parentId, sampled, random } = parent;
  return {
    traceId,
    spanId: parentId,
    sampled,
    random,
    tracestate: parseTracestate(tracestate) ?? [],
  };
}

function asHeader(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
