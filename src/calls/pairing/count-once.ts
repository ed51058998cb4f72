/** What is counted of calls that several spans tell of: each once, with its failure. */

import type { CallFailure, TracedSpan } from "#calls/traced-spans.ts";
import { atOnce, type Stepwise, stepwise } from "#platform/slices.ts";
import { withoutLone } from "./lone-calls.ts";
import { type CallGroup, groupCalls, isCounted } from "./one-call.ts";
import { type CallNode, SPANS_AT_ONCE, type ToldSpan } from "./span-tree.ts";
import { joinUnlinked } from "./unlinked-calls.ts";

/** Of servers' spans that are to be counted now. */
export interface ServersCount {
  counted: ReadonlySet<TracedSpan>;
  /** Left out because their call was counted by its caller's span, which waited long enough. */
  late: number;
  /** Spans of calls that are not counted by them, with what counts them. Callers' among them need not wait. */
  settled: ReadonlyMap<TracedSpan, TracedSpan>;
}

/**
 * Settles what one request says by itself, where spans lead from one to the other: names and times alone
 * may yet be another call's.
 */
export function countOfRequest(spans: readonly TracedSpan[]): ServersCount {
  return atOnce(countServers(atOnce(groupCalls(spans))));
}

/** Settles servers' spans against all that is known of their traces: of one trace that may be tens of thousands. */
export function* countAmongKnown(spans: readonly TracedSpan[]): Stepwise<ServersCount> {
  const groups = yield* groupCalls(spans);
  return yield* countServers(yield* joinUnlinked(groups));
}

function* countServers(groups: readonly CallGroup[]): Stepwise<ServersCount> {
  const counted = new Set<TracedSpan>();
  const settled = new Map<TracedSpan, TracedSpan>();
  let late = 0;
  yield* stepwise(groups, SPANS_AT_ONCE, (group) => {
    if (group.server === null) return;
    const count = countServer(group);
    if (count === null) return;
    if (count.isNew) counted.add(count.by);
    for (const span of othersOf(group, count.by)) settled.set(span, count.by);
    late += count.late;
  });
  return { counted, settled, late };
}

/** Counts the outermost, unless the call is counted. Null where only known spans are the server's. */
function countServer(group: CallGroup) {
  const servers = undecidedOf(group.nodes).filter(({ told }) => told.side === "server");
  const by = countedIn(group);
  if (by === null) {
    const [outermost] = servers;
    return outermost === undefined ? null : { by: outermost, isNew: true, late: 0 };
  }
  const isLate = group.nodes.filter((node) => isCounted([node])).every(isCallers);
  return { by, isNew: false, late: isLate ? servers.filter(isFirstTold(group)).length : 0 };
}

/** False for a span that came before and was left out then: it is told of once. */
function isFirstTold({ nodes }: CallGroup): (span: ToldSpan) => boolean {
  const again = nodes
    .filter(({ spans }) => spans.some(({ told }) => told.standing === "known"))
    .flatMap(({ spans }) => spans);
  return (span) => !again.includes(span);
}

function isCallers(node: CallNode): boolean {
  return node.spans.every(({ told }) => told.standing !== "counted" || told.side !== "server");
}

/** In the order of their nodes, which is from the outermost on. */
function undecidedOf(nodes: readonly CallNode[]): ToldSpan[] {
  return nodes.flatMap(({ spans }) => spans.filter(({ told }) => told.standing === "undecided"));
}

/** Of callers' spans that have waited. */
export interface CallersCount {
  /** Those that are counted, each with the failure that another span of its call tells of, if its own tells of none. */
  counted: ReadonlyMap<TracedSpan, CallFailure | null>;
  /** Of the others of their calls, what counts these: one of `counted`, or one that a sample counts already. */
  countedAs: ReadonlyMap<TracedSpan, TracedSpan>;
}

/** All that is known of their traces may be tens of thousands. */
export function* countCallers(spans: readonly TracedSpan[]): Stepwise<CallersCount> {
  const counted = new Map<TracedSpan, CallFailure | null>();
  const countedAs = new Map<TracedSpan, TracedSpan>();
  const { lone, others } = withoutLone(spans);
  for (const span of lone) counted.set(span, span.told?.failure ?? null);
  yield;
  const groups = yield* joinUnlinked(yield* groupCalls(others));
  yield* stepwise(groups, SPANS_AT_ONCE, (group) => {
    const known = countedIn(group);
    const span = known ?? callerToCount(group);
    if (span === null) return;
    if (known === null) counted.set(span, span.told.failure ?? failureOf(group));
    for (const other of othersOf(group, span)) countedAs.set(other, span);
  });
  return { counted, countedAs };
}

function othersOf({ nodes }: CallGroup, span: ToldSpan): ToldSpan[] {
  return undecidedOf(nodes).filter((other) => other !== span);
}

function countedIn({ nodes }: CallGroup): ToldSpan | null {
  const counted = nodes.flatMap(({ spans }) =>
    spans.filter(({ told }) => told.standing === "counted"),
  );
  return counted.find(({ told }) => told.side === "server") ?? counted[0] ?? null;
}

/**
 * The innermost CLIENT's, whose name the server's would have; else one that has waited. None where a server's span is
 * known, whose sample is not there any more.
 */
function callerToCount({ nodes, server, caller }: CallGroup): ToldSpan | null {
  if (server !== null) return null;
  const waited = undecidedOf(nodes);
  const isBest = (span: ToldSpan) => caller?.spans.includes(span) === true;
  return (
    waited.find(isBest) ?? waited.find(({ told }) => told.side === "client") ?? waited[0] ?? null
  );
}

function failureOf({ nodes }: CallGroup): CallFailure | null {
  const failures = nodes.flatMap(({ spans }) => spans.flatMap(({ told }) => told.failure ?? []));
  return failures[0] ?? null;
}
