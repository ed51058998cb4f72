/**
 * The calls before and after one, within the list that led to it: its query came along in the address. Lists are in
 * the order of ids, which is that of starts but for clocks that differ.
 */
import { FILTER_NAMES } from "#dashboard/activity/activity-question.ts";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import { formatQuery } from "#dashboard/place/address.ts";
import { rangeOf, resolve } from "#dashboard/place/time-range.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";

/** What a list is filtered by, beside its time. */
export const CALL_FILTERS: readonly string[] = FILTER_NAMES;

/** Those of an address, in its order. */
export function listFilters(query: ReadonlyMap<string, string>): [string, string][] {
  return [...query].filter(([name]) => CALL_FILTERS.includes(name));
}

/** So many calls may have started in the same millisecond, and one of them be this. */
const LOOKED_AT = 50;

export interface NeighbourPaths {
  readonly older: string;
  readonly newer: string;
}

export function neighbourPaths(
  org: string,
  call: Pick<CallAnswer, "started_at">,
  query: ReadonlyMap<string, string>,
  nowMs: number,
): NeighbourPaths {
  const filters = listFilters(query);
  const startedMs = Date.parse(call.started_at);
  const range = boundsOf(query, nowMs);
  const pathOf = (order: string, from: number | null, to: number | null) => {
    const times: [string, string][] = [];
    if (from !== null) times.push(["from", formatTimestamp(from)]);
    if (to !== null) times.push(["to", formatTimestamp(to)]);
    const asked = [...filters, ...times, ["order", order], ["limit", String(LOOKED_AT)]] as const;
    return `/v1/orgs/${encodeURIComponent(org)}/invocations${formatQuery(new Map(asked))}`;
  };
  return {
    older: pathOf("desc", range.fromMs, startedMs + 1),
    newer: pathOf("asc", startedMs, range.toMs),
  };
}

/** A link that came without a time has no list behind it that ends. */
function boundsOf(
  query: ReadonlyMap<string, string>,
  nowMs: number,
): { fromMs: number | null; toMs: number | null } {
  const hasTime = ["last", "from", "to"].some((name) => query.has(name));
  return hasTime ? resolve(rangeOf(query), nowMs) : { fromMs: null, toMs: null };
}

/** The one that follows in a list that begins at the call; null if none does. */
export function following(list: readonly CallAnswer[], id: string): CallAnswer | null {
  const at = list.findIndex((one) => one.id === id);
  return list[at + 1] ?? null;
}
