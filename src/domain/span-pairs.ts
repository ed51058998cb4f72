/**
 * Whether the call of a span is counted already, by a span that came in another request. The server's span
 * of a call names the caller's as its parent; they come from two processes, in any order. Each keeps an id
 * of its own, from its own trace, span and start: an id that both could derive would have to do without the
 * start, and samples without their time in their key are neither listed in order nor cheap to insert.
 *
 * So two look-ups take the place of an id, one for each order. They cost a caller's span what they can, and
 * a server's span nothing but the look-up: fleets report their servers.
 */
import type { SpanCall } from "./span-mapping.ts";

/** Samples that are there, of the traces in question: `{trace id}{span id}` each. */
export interface CountedSpans {
  /** The spans that were counted as a caller's. */
  readonly callers: ReadonlySet<string>;
  /** The parents of the spans that were counted as a server's. */
  readonly parents: ReadonlySet<string>;
}

/** The caller's span of the call: of a server's span its parent, of any other itself. Null: not known. */
export function callerOf({ side, sample, parentSpanId }: SpanCall): string | null {
  if (side !== "server") return `${sample.trace_id}${sample.span_id}`;
  return parentSpanId === null ? null : `${sample.trace_id}${parentSpanId}`;
}

export function isCounted(call: SpanCall, counted: CountedSpans): boolean {
  const caller = callerOf(call);
  if (caller === null) return false;
  // Two servers' spans with one parent are two calls, as long as that parent is none itself.
  return call.side === "server" ? counted.callers.has(caller) : counted.parents.has(caller);
}

/** Clocks of hosts that keep them at all agree far better. */
const CLOCK_SKEW_MS_MAX = 10_000;
/** A call may wait for a connection, a queue or a container before its server starts to count. */
const WAIT_MS_MAX = 60_000;

/** When the server's span of a caller's call may have started: where to look for its sample. */
export function serverStartRange({ sample }: SpanCall): { fromMs: number; toMs: number } {
  const startedAtMs = Number(sample.started_at);
  const waitMs = Math.min(Math.ceil(sample.duration_ms), WAIT_MS_MAX);
  return {
    fromMs: startedAtMs - CLOCK_SKEW_MS_MAX,
    toMs: startedAtMs + waitMs + CLOCK_SKEW_MS_MAX,
  };
}
