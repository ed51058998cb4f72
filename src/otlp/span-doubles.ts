/**
 * One tool call may have several spans: its server's, whose parent is its caller's span (the conventions
 * pass the context in `params._meta`), and those of instrumentations that wrap one another. It is counted
 * once: by the server's span if there is one.
 *
 * Here that is settled among the spans of one request; across requests, by the same rule, see
 * span-pairs.ts.
 */
import type { SpanCall } from "./span-mapping.ts";

/** A span, and the others that tell of its call, as a tree of unions. */
interface Told<Of> {
  readonly one: Of;
  readonly call: SpanCall;
  /** A span that this one is joined to; null where this one stands for the others. */
  joined: Told<Of> | null;
  /** The span that counts; only that of the span which stands for the others is up to date. */
  counts: Told<Of>;
}

/** The calls that are counted, in the order given. Of copies of a span the first counts. */
export function withoutDoubles<Of extends { readonly call: SpanCall }>(
  all: readonly Of[],
): readonly Of[] {
  const ids = new Set(all.map(({ call }) => call.sample.span_id));
  // Of the spans of a fleet's servers hardly any has: then there is no need to tell the traces apart.
  const hasParentHere = all.some(({ call }) => ids.has(call.parentSpanId));
  if (ids.size === all.length && !hasParentHere) return all;
  const bySpan = new Map<string, Told<Of>>();
  for (const one of all) {
    const key = spanKey(one.call, one.call.sample.span_id);
    if (!bySpan.has(key)) bySpan.set(key, alone(one));
  }
  joinAll(bySpan);
  return [...bySpan.values()].filter((told) => top(told).counts === told).map(({ one }) => one);
}

function joinAll<Of>(bySpan: Map<string, Told<Of>>): void {
  const isServer = ({ call }: Told<Of>) => call.side === "server";
  const all = [...bySpan.values()];
  // Servers first: which of two calls is a wrapper's depends on whether each has its server.
  const ordered = [...all.filter(isServer), ...all.filter((told) => !isServer(told))];
  const absorbing = new Set<Told<Of>>();
  for (const child of ordered) {
    const parent = bySpan.get(spanKey(child.call, child.call.parentSpanId));
    if (parent === undefined) continue;
    // Clients' spans in one wrapper are tries, each a call: one of them is the wrapper's. Inner steps are
    // all the wrapper's.
    const isTry = child.call.side === "client";
    if (isTry && absorbing.has(parent)) continue;
    if (isJoined(parent, child) && isTry) absorbing.add(parent);
  }
}

function alone<Of extends { readonly call: SpanCall }>(one: Of): Told<Of> {
  const told = { one, call: one.call, joined: null } as unknown as Told<Of>;
  told.counts = told;
  return told;
}

function spanKey({ sample }: SpanCall, spanId: string | null | undefined): string {
  return `${sample.trace_id}${spanId}`;
}

/** Joins the two if they tell of one call. True if they were two calls until now. */
function isJoined<Of>(parent: Told<Of>, child: Told<Of>): boolean {
  if (!isSameCall(parent.call, child.call)) return false;
  const [above, below] = [top(parent), top(child)];
  const sides = [above.counts.call.side, below.counts.call.side];
  // Not joined: a span that is its own parent, and two servers, each with a call of its own.
  if (above === below || (sides[0] === "server" && sides[1] === "server")) return false;
  below.joined = above;
  // A caller's innermost span is the one that the server's will name.
  const isBelow = sides[1] === "server" || (sides[0] !== "server" && sides[1] === "client");
  if (isBelow) above.counts = below.counts;
  return true;
}

/**
 * The span that stands for the others. Halves the way for the next look: chains of wrappers may be as long
 * as a request.
 */
function top<Of>(told: Told<Of>): Told<Of> {
  let at = told;
  while (at.joined !== null) {
    at.joined = at.joined.joined ?? at.joined;
    at = at.joined;
  }
  return at;
}

/** Whether a tool call and its child tell of the same call. */
function isSameCall(parent: SpanCall, child: SpanCall): boolean {
  if (parent.sample.tool !== child.sample.tool) return false;
  const isSameProcess = parent.instance === child.instance;
  // What a server calls, or passes on, is another call.
  if (parent.side === "server") return child.side === "internal" && isSameProcess;
  return child.side === "server" || isSameProcess;
}
