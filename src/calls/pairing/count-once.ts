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
  /** Callers' spans of calls that a server's span is there for: they need not wait. */
  settled: ReadonlySet<TracedSpan>;
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
  const settled = new Set<TracedSpan>();
  let late = 0;
  yield* stepwise(groups, SPANS_AT_ONCE, (group) => {
    if (group.server === null) return;
    const count = countServer(group);
    for (const span of count.counted) counted.add(span);
    for (const span of count.settled) settled.add(span);
    late += count.late;
  });
  return { counted, settled, late };
}

/** Counts the outermost, unless the call is counted. */
function countServer(group: CallGroup) {
  const undecided = undecidedOf(group.nodes);
  const servers = undecided.filter(({ told }) => told.side === "server");
  const settled = undecided.filter(({ told }) => told.side !== "server");
  const countedBy = group.nodes.filter((node) => isCounted([node]));
  if (countedBy.length === 0) {
    return { counted: servers.slice(0, 1), settled, late: 0 };
  }
  const isLate = countedBy.every(isCallers);
  return { counted: [], settled, late: isLate ? servers.filter(isFirstTold(group)).length : 0 };
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

/**
 * Of callers' spans that have waited: those that are counted, each with the failure that another span of
 * its call tells of, if its own tells of none. All that is known of their traces may be tens of thousands.
 */
export function* countCallers(
  spans: readonly TracedSpan[],
): Stepwise<ReadonlyMap<TracedSpan, CallFailure | null>> {
  const counted = new Map<TracedSpan, CallFailure | null>();
  const { lone, others } = withoutLone(spans);
  for (const span of lone) counted.set(span, span.told?.failure ?? null);
  yield;
  const groups = yield* joinUnlinked(yield* groupCalls(others));
  yield* stepwise(groups, SPANS_AT_ONCE, (group) => {
    if (group.server !== null || isCounted(group.nodes)) return;
    const span = callerToCount(group);
    if (span !== null) counted.set(span, span.told.failure ?? failureOf(group));
  });
  return counted;
}

/** The innermost CLIENT's, whose name the server's would have; else one that has waited. */
function callerToCount({ nodes, caller }: CallGroup): ToldSpan | null {
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
