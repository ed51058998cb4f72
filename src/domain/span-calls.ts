/**
 * The calls of one OTLP request. One tool call may have several spans: its server's, whose parent is its
 * caller's span (the conventions pass the context in `params._meta`), and those of instrumentations that
 * wrap one another. It is counted once: by the server's span if there is one.
 *
 * Here that is settled among the spans of one request; across requests, see span-pairs.ts.
 */
import type { ResourceSpans } from "../spec/otlp/trace-model.ts";
import type { SpanMapping } from "./span-attributes.ts";
import { mapSpan, type SpanCall } from "./span-mapping.ts";

export interface SpanCalls {
  /** By instance, in the order sent. */
  readonly reports: ReadonlyMap<string, readonly SpanCall[]>;
  /** Spans that are no tool call. */
  readonly ignored: number;
  /** Spans of calls that another span of this request counts. */
  readonly merged: number;
  /** Tool calls that cannot be counted, and why the first of them. */
  readonly rejected: number;
  readonly reason: string | null;
}

/** A call, and the resource that reported it: wrappers are spans of one process. */
interface Placed {
  readonly call: SpanCall;
  readonly resource: ResourceSpans;
}

export function callsOfRequest(
  traces: readonly ResourceSpans[],
  mapping: SpanMapping = {},
): SpanCalls {
  const placed: Placed[] = [];
  let ignored = 0;
  let rejected = 0;
  let reason: string | null = null;
  for (const [resource, span] of spansOf(traces)) {
    const verdict = mapSpan(span, resource.resource, mapping);
    if (verdict.kind === "call") placed.push({ call: verdict.call, resource });
    else if (verdict.kind === "no_call") ignored += 1;
    else {
      rejected += 1;
      reason ??= verdict.reason;
    }
  }
  const counted = withoutDoubles(placed);
  const merged = placed.length - counted.length;
  return { reports: byInstance(counted), ignored, merged, rejected, reason };
}

export function* spansOf(traces: readonly ResourceSpans[]) {
  for (const resource of traces) {
    for (const { spans } of resource.scopeSpans) {
      for (const span of spans) yield [resource, span] as const;
    }
  }
}

function withoutDoubles(placed: readonly Placed[]): readonly Placed[] {
  const ids = new Set(placed.map(({ call }) => call.sample.span_id));
  // Of a fleet's servers hardly any: then there is no need to tell the traces apart.
  const hasParentHere = ({ call }: Placed) => ids.has(call.parentSpanId);
  if (!placed.some(hasParentHere)) return placed;
  const bySpan = new Map(placed.map((one) => [spanKey(one.call, one.call.sample.span_id), one]));
  const doubles = new Set<Placed>();
  for (const child of placed) {
    const parent = bySpan.get(spanKey(child.call, child.call.parentSpanId));
    const double = parent === undefined ? null : doubleOf(parent, child);
    if (double !== null) doubles.add(double);
  }
  return doubles.size === 0 ? placed : placed.filter((one) => !doubles.has(one));
}

function spanKey({ sample }: SpanCall, spanId: string | null | undefined): string {
  return `${sample.trace_id}${spanId}`;
}

/** Which of a tool call and its child tells of the same call and is not needed; null if they are two. */
function doubleOf(parent: Placed, child: Placed): Placed | null {
  // A span that names itself as its parent.
  if (parent === child) return null;
  const sides = [parent.call.side, child.call.side];
  // What a server calls, or passes on, is another call.
  if (sides[0] === "server" && sides[1] !== "internal") return null;
  if (sides[1] === "server") return parent;
  const isSameProcess = parent.resource === child.resource;
  if (!isSameProcess || parent.call.sample.tool !== child.call.sample.tool) return null;
  // A caller's span is the one that the server's will name.
  return sides[1] === "client" ? parent : child;
}

function byInstance(placed: readonly Placed[]): Map<string, SpanCall[]> {
  const reports = new Map<string, SpanCall[]>();
  for (const { call } of placed) {
    const report = reports.get(call.instance);
    if (report === undefined) reports.set(call.instance, [call]);
    else report.push(call);
  }
  return reports;
}
