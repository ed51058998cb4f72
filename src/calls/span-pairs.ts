/**
 * Which samples may tell of one call. The server's span of a call names its caller's as its parent, and they
 * come from two processes, in any order. Each keeps an id of its own, from its own trace, span and start: an
 * id that both could derive would have to do without the start, and samples without their time in their key
 * are neither listed in order nor cheap to insert.
 *
 * So two look-ups take the place of an id, one for each order: is the sample's parent counted, is a child
 * of it counted? The first is a seek in an index of callers. The second, for callers only, goes through the
 * samples of the time in which a child would have started. So a caller's sample costs a row and a scan, and
 * a server's the seek alone: fleets report their servers.
 */
import { MINUTE_MS, SECOND_MS } from "#platform/time.ts";
import type { Call } from "./call.ts";

/** What pairs a sample that was a span with another sample of its call. */
export interface SpanPair {
  readonly instance: string;
  /** A span of the caller's process: a server's span that names it as its parent is of the same call. */
  readonly isCaller: boolean;
  readonly parentSpanId: string | null;
}

/** A sample that was a span: `mapSpan` gave it its ids. */
export interface PairedCall extends Call {
  pair: SpanPair;
}

/**
 * How a call's parent is known among the samples, where it counts the call already: as a caller of the same
 * tool and, if both are callers, of one process, for then one instrumentation wraps the other.
 */
export interface CountedParent {
  traceId: string | null;
  spanId: string;
  tool: string;
  /** Null for any. */
  instance: string | null;
}

/** Null for a call that names no parent. */
export function countedParent({ traceId, tool, pair }: PairedCall): CountedParent | null {
  if (pair.parentSpanId === null) return null;
  const { instance, isCaller } = pair;
  return { traceId, spanId: pair.parentSpanId, tool, instance: isCaller ? instance : null };
}

/**
 * The keys by which a counted child of this call is known: as a server's span, or as a caller's that this
 * one wraps.
 */
export function countedChildKeys({ traceId, spanId, tool, pair }: PairedCall): string[] {
  const key = `${traceId}${spanId}/${tool}`;
  return [key, `${key}/by/${pair.instance}`];
}

/** Clocks of hosts that keep them at all agree far better. */
const CLOCK_SKEW_MS_MAX = 10 * SECOND_MS;
/** A call may wait for a connection, a queue or a container before its server starts to count. */
const WAIT_MS_MAX = MINUTE_MS;

export interface StartRange {
  fromMs: number;
  toMs: number;
}

/** When a child of a caller's span may have started: where to look for its sample. */
export function childStartRange({
  startedAtMs,
  durationUs,
}: Pick<Call, "startedAtMs" | "durationUs">): StartRange {
  const waitMs = Math.min(Math.ceil(durationUs / 1_000), WAIT_MS_MAX);
  return {
    fromMs: startedAtMs - CLOCK_SKEW_MS_MAX,
    toMs: startedAtMs + waitMs + CLOCK_SKEW_MS_MAX,
  };
}

/** When children of any of the callers' spans may have started: apart, by start. */
export function childStartRanges(calls: readonly PairedCall[]): StartRange[] {
  const ranges: StartRange[] = [];
  const callers = calls.filter(({ pair }) => pair.isCaller);
  for (const call of callers.toSorted((a, b) => a.startedAtMs - b.startedAtMs)) {
    const range = childStartRange(call);
    const last = ranges.at(-1);
    if (last === undefined || range.fromMs > last.toMs) ranges.push(range);
    else last.toMs = Math.max(last.toMs, range.toMs);
  }
  return ranges;
}
