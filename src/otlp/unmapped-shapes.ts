/** The spans of a request that look like tool calls and are taken for none, by their shapes. */
import { spanKey } from "#calls/traced-spans.ts";
import { type ResourceSpans, SPAN_KIND, type Span } from "#formats/otlp/trace-model.ts";
import { HIDDEN_NAME, shownAttributes, shownScope } from "./shown-names.ts";
import type { SpansLikeCalls } from "./span-calls.ts";

/** What one of these spans is like: names of attributes, never their values. */
export interface SpanShape {
  /** Its instrumentation scope's name. */
  readonly instrumentation: string;
  readonly kind: string;
  readonly attributes: readonly string[];
}

export interface UnmappedShape {
  /** Spans of one name are of one shape. */
  readonly name: string;
  /** Null of those that are past the bound. */
  readonly example: SpanShape | null;
  spans: number;
}

/** The status shows so many of an org; all others are one. */
export const SHAPES_MAX = 10;
export const OTHER_SHAPES = "other";

/** Bounds a row to some 2 KB. */
const ATTRIBUTES_MAX = 24;
/** What tells shapes apart; the rest comes and goes with a call's arguments and its failure. */
const TELLING_KEYS_MAX = 3;
/** `unmapped` are spans of `traces` that are no call, `calls` those that are. */
export function shapesOf(
  traces: readonly ResourceSpans[],
  unmapped: SpansLikeCalls,
  calls: ReadonlySet<Span>,
): readonly UnmappedShape[] {
  if (unmapped.size === 0) return [];
  const isOfCall = besideCalls(traces, calls);
  const shapes = new Map<string, UnmappedShape>();
  for (const [scope, span] of scopedSpans(traces)) {
    const keys = unmapped.get(span);
    if (keys !== undefined && !isOfCall(span)) countIn(shapes, scope, span, keys);
  }
  return [...shapes.values()];
}

function scopedSpans(traces: readonly ResourceSpans[]): (readonly [string, Span])[] {
  return traces.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) => spans.map((span) => [scope.name, span] as const)),
  );
}

function countIn(
  shapes: Map<string, UnmappedShape>,
  scope: string,
  span: Span,
  keys: readonly string[],
): void {
  const instrumentation = shownScope(scope);
  const kind = KIND_NAMES[span.kind] ?? "unspecified";
  const telling = shownAttributes(keys);
  const own = [instrumentation, kind, ...telling.slice(0, TELLING_KEYS_MAX)].join(" ");
  const isFull = shapes.size >= SHAPES_MAX && !shapes.has(own);
  const name = isFull ? OTHER_SHAPES : own;
  const counted = shapes.get(name);
  if (counted !== undefined) {
    counted.spans += 1;
    return;
  }
  const first = telling.filter((shown) => shown !== HIDDEN_NAME);
  const all = new Set([...first, ...shownAttributes(span.attributes.keys())]);
  const attributes = [...all].slice(0, ATTRIBUTES_MAX);
  shapes.set(name, {
    name,
    example: isFull ? null : { instrumentation, kind, attributes },
    spans: 1,
  });
}

const KIND_NAMES = Object.fromEntries(
  Object.entries(SPAN_KIND).map(([name, number]) => [number, name]),
);

/**
 * Whether a span is above or below a call in its request: what wraps a call, and what a server does for it, is
 * counted by that call.
 */
function besideCalls(
  traces: readonly ResourceSpans[],
  calls: ReadonlySet<Span>,
): (span: Span) => boolean {
  if (calls.size === 0) return () => false;
  const byKey = new Map(scopedSpans(traces).map(([, span]) => [spanKey(span), span]));
  const parentOf = ({ traceId, parentSpanId }: Span) =>
    parentSpanId === null ? undefined : byKey.get(spanKey({ traceId, spanId: parentSpanId }));
  const above = new Set<Span>();
  for (const call of calls) {
    for (let span = parentOf(call); span && !above.has(span); span = parentOf(span))
      above.add(span);
  }
  const below = new Map<Span, boolean>();
  const isBelow = (span: Span): boolean => {
    const path: Span[] = [];
    let at: Span | undefined = span;
    // Marked while it is gone through, so that spans that are each other's parents end.
    for (; at && !calls.has(at) && !below.has(at); at = parentOf(at)) {
      below.set(at, false);
      path.push(at);
    }
    const isOfCall = at !== undefined && (calls.has(at) || below.get(at) === true);
    for (const one of path) below.set(one, isOfCall);
    return isOfCall;
  };
  return (span) => above.has(span) || isBelow(span);
}
