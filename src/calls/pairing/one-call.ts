/**
 * Which spans are of one call. A server's span is a call, with the callers' spans of its name above it and
 * all of its name below it: what a mounted server or a gateway passes on. A caller's span without a server's
 * is a call too, and so is each of its tries; spans of its process that wrap it are of its call.
 */

import type { TracedSpan } from "#calls/traced-spans.ts";
import { type Stepwise, stepwise } from "#platform/slices.ts";
import { type CallNode, callNodes, endOf, SPANS_AT_ONCE, sideOf } from "./span-tree.ts";

export interface CallGroup {
  readonly nodes: CallNode[];
  /** The outermost server's; null where only callers tell of the call. */
  server: CallNode | null;
  /** The span that stands for a call without a server's: the innermost CLIENT, whose request it was. */
  caller: CallNode | null;
  /** Spans lead from the server's to its caller's: no other caller is looked for. */
  hasCallerAbove: boolean;
}

export function* groupCalls(spans: readonly TracedSpan[]): Stepwise<CallGroup[]> {
  const unordered = yield* callNodes(spans);
  const below = Map.groupBy(unordered, ({ above }) => above);
  const nodes = parentsFirst(below);
  const groups = new Map<CallNode, CallGroup>();
  yield* stepwise(nodes, SPANS_AT_ONCE, (node) => placeAtServer(node, groups));
  yield* stepwise(nodes.toReversed(), SPANS_AT_ONCE, (node) => {
    if (!groups.has(node)) groups.set(node, callersGroup(node, groupsBelow(below, node, groups)));
  });
  yield;
  return [...new Set(groups.values())].filter((group) => group.nodes.length > 0);
}

function groupsBelow(
  below: ReadonlyMap<CallNode | null, readonly CallNode[]>,
  node: CallNode,
  groups: ReadonlyMap<CallNode, CallGroup>,
): CallGroup[] {
  return (below.get(node) ?? []).map((child) => groups.get(child)!);
}

function parentsFirst(below: ReadonlyMap<CallNode | null, readonly CallNode[]>): CallNode[] {
  const ordered = [...(below.get(null) ?? [])];
  // Grows while it is gone through.
  for (const node of ordered) ordered.push(...(below.get(node) ?? []));
  return ordered;
}

/** A server's span, and all that is below one, with parents first. */
function placeAtServer(node: CallNode, groups: Map<CallNode, CallGroup>): void {
  const above = node.above === null ? undefined : groups.get(node.above);
  if (above !== undefined) {
    above.nodes.push(node);
    groups.set(node, above);
  } else if (sideOf(node) === "server") {
    groups.set(node, { nodes: [node], server: node, caller: null, hasCallerAbove: false });
  }
}

/** A caller's span stands above calls of its name: its tries, or its only one. */
function callersGroup(node: CallNode, below: readonly CallGroup[]): CallGroup {
  const calls = below.filter(({ server, caller }) => server !== null || isClient(caller));
  // Steps of kind INTERNAL are no tries: the wrapper's call has them all.
  const [step, ...steps] = below.filter((group) => !calls.includes(group));
  if (calls.length > 0) {
    const own = ownTry(node, calls);
    own.hasCallerAbove = true;
    return absorb(own, node, [...(step === undefined ? [] : [step]), ...steps]);
  }
  if (step === undefined)
    return { nodes: [node], server: null, caller: node, hasCallerAbove: false };
  step.caller = node;
  return absorb(step, node, steps);
}

/** What is absorbed is left empty. Appended, for a chain of wrappers may be as long as a request. */
function absorb(group: CallGroup, node: CallNode, others: readonly CallGroup[]): CallGroup {
  for (const other of others) group.nodes.push(...other.nodes.splice(0));
  group.nodes.push(node);
  return group;
}

function isClient(node: CallNode | null): boolean {
  return node !== null && sideOf(node) === "client";
}

/**
 * Of several tries, the one that the wrapper is of: it ends as its last one did. Of a wrapper that was
 * counted, before it was known what it wraps, that is a try which was left out for it.
 */
function ownTry(node: CallNode, calls: readonly CallGroup[]): CallGroup {
  const last = (some: readonly CallGroup[]) =>
    some.length === 1 ? some[0]! : some.reduce((a, b) => (latestEnd(b) > latestEnd(a) ? b : a));
  if (!isCounted([node])) return last(calls);
  const standings = ["known", "undecided", "counted"] as const;
  const [best = calls] = standings
    .map((standing) => calls.filter((group) => standingOf(group) === standing))
    .filter(({ length }) => length > 0);
  return last(best);
}

function latestEnd({ nodes }: CallGroup): number {
  return nodes.reduce((end, node) => Math.max(end, endOf(node)), -Infinity);
}

export function isCounted(nodes: readonly CallNode[]): boolean {
  return nodes.some(({ spans }) => spans.some(({ told }) => told.standing === "counted"));
}

export function standingOf({ nodes }: CallGroup): "counted" | "undecided" | "known" {
  if (isCounted(nodes)) return "counted";
  const isUndecided = nodes.some(({ spans }) =>
    spans.some(({ told }) => told.standing === "undecided"),
  );
  return isUndecided ? "undecided" : "known";
}
