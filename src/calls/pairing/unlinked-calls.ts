/**
 * Joins servers' calls to callers' where no span leads from one to the other, for what lies between was not
 * sent, or nothing carried the trace: within a trace by equal names and nested times, without a common one
 * by session and request id besides. One to one: each call of the one side is at most one of the other.
 */

import { CLOCK_SKEW_MS_MAX } from "#calls/traced-spans.ts";
import { type Stepwise, stepwise } from "#platform/slices.ts";
import { type CallGroup, standingOf } from "./one-call.ts";
import { endOf, leadOf, SPANS_AT_ONCE, startOf } from "./span-tree.ts";
import { isSameTool } from "./tool-names.ts";

/** Callers that one server's call is held against: those that started nearest. */
const CANDIDATES_MAX = 64;

interface Side {
  group: CallGroup;
  traces: ReadonlySet<string>;
  exchanges: ReadonlySet<string>;
  tools: readonly string[];
  startMs: number;
  endMs: number;
}

type KeysOf = (side: Side) => ReadonlySet<string>;

export function* joinUnlinked(groups: readonly CallGroup[]): Stepwise<readonly CallGroup[]> {
  const servers: Side[] = [];
  const callers: Side[] = [];
  yield* stepwise(groups, SPANS_AT_ONCE, (group) => {
    if (isOpen(group)) servers.push(sideOfGroup(group));
    else if (group.server === null) callers.push(sideOfGroup(group));
  });
  if (servers.length === 0 || callers.length === 0) return groups;
  const taken = new Set<Side>();
  for (const keysOf of [(side: Side) => side.traces, (side: Side) => side.exchanges]) {
    // A caller that counts for a server's call which came late is that one's, not the next one's.
    yield* joinBy(keysOf, servers.filter(isLate), callers.filter(isLateFor), taken);
    yield* joinBy(keysOf, servers, callers, taken);
  }
  const joined = new Set([...taken].map(({ group }) => group));
  return groups.filter((group) => group.server !== null || !joined.has(group));
}

/** No caller's span is known to be above. */
function isOpen({ server, hasCallerAbove }: CallGroup): boolean {
  return server?.isAlone === true && !hasCallerAbove;
}

const isLate = ({ group }: Side) => standingOf(group) === "known";
const isLateFor = ({ group }: Side) => standingOf(group) === "counted";

function sideOfGroup(group: CallGroup): Side {
  const nodes = group.server === null ? group.nodes : [group.server];
  const spans = nodes.flatMap((node) => node.spans);
  return {
    group,
    traces: new Set(spans.map(({ traceId }) => traceId)),
    exchanges: new Set(spans.flatMap(({ told }) => told.exchange ?? [])),
    tools: [...new Set(nodes.map((node) => leadOf(node).told.tool))],
    startMs: nodes.reduce((start, node) => Math.min(start, startOf(node)), Infinity),
    endMs: nodes.reduce((end, node) => Math.max(end, endOf(node)), -Infinity),
  };
}

function* joinBy(
  keysOf: KeysOf,
  servers: readonly Side[],
  callers: readonly Side[],
  taken: Set<Side>,
): Stepwise<void> {
  const byKey = byKeys(keysOf, callers);
  yield;
  const ordered = servers.toSorted((a, b) => a.startMs - b.startMs);
  yield* stepwise(ordered, SPANS_AT_ONCE, (server) => {
    if (taken.has(server)) return;
    const caller = nearestCaller(keysOf, server, byKey, taken);
    if (caller === null) return;
    server.group.nodes.push(...caller.group.nodes);
    taken.add(server).add(caller);
  });
}

function nearestCaller(
  keysOf: KeysOf,
  server: Side,
  byKey: ReadonlyMap<string, readonly Side[]>,
  taken: ReadonlySet<Side>,
): Side | null {
  let best: Side | null = null;
  for (const key of keysOf(server)) {
    for (const candidate of nearby(byKey.get(key) ?? [], server)) {
      if (!taken.has(candidate) && mayBeOne(server, candidate)) {
        best = nearer(best, candidate, server);
      }
    }
  }
  return best;
}

/** By start. */
function byKeys(keysOf: KeysOf, sides: readonly Side[]): Map<string, Side[]> {
  const byKey = new Map<string, Side[]>();
  for (const side of sides.toSorted((a, b) => a.startMs - b.startMs)) {
    for (const key of keysOf(side))
      byKey
        .set(key, byKey.get(key) ?? [])
        .get(key)!
        .push(side);
  }
  return byKey;
}

/** Around the first that started no earlier than the server's call. */
function nearby(callers: readonly Side[], { startMs }: Side): readonly Side[] {
  if (callers.length <= CANDIDATES_MAX) return callers;
  let [from, to] = [0, callers.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (callers[middle]!.startMs < startMs) from = middle + 1;
    else to = middle;
  }
  const first = Math.max(0, from - CANDIDATES_MAX / 2);
  return callers.slice(first, first + CANDIDATES_MAX);
}

function mayBeOne(server: Side, caller: Side): boolean {
  const isNested =
    server.startMs >= caller.startMs - CLOCK_SKEW_MS_MAX &&
    server.endMs <= caller.endMs + CLOCK_SKEW_MS_MAX;
  return isNested && server.tools.some((a) => caller.tools.some((b) => isSameTool(a, b)));
}

function nearer(best: Side | null, one: Side, { startMs }: Side): Side {
  if (best === null) return one;
  return Math.abs(one.startMs - startMs) < Math.abs(best.startMs - startMs) ? one : best;
}
