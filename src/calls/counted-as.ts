/**
 * What a call is counted under, where that is not its own name. The fold decides it series by series and never reads
 * samples, so an arrival has the ids of its samples beside it: in the order of its series, as many of each as its
 * groups count.
 */
import { type Arrival, arrivalKey, arrivalNameOf, callsOfGroup, seriesKey } from "./arrival.ts";
import type { Call } from "./call.ts";
import type { SeriesDelta } from "./fold-delta.ts";
import { OTHER, UNKNOWN_TOOL } from "./series.ts";

export type CountedAs = typeof OTHER | typeof UNKNOWN_TOOL;

/** Hex of an id. */
export const ID_DIGITS = 32;

/** The ids of the calls that an arrival was built of, as hex. */
export function idsOfArrival([, , , , names]: Arrival, calls: readonly Call[]): string {
  const bySeries = new Map(names.map((name) => [arrivalKey(name), [] as string[]]));
  for (const call of calls) bySeries.get(arrivalKey(arrivalNameOf(call)))?.push(call.id);
  return [...bySeries.values()].flat().join("").replaceAll("-", "");
}

/** By `arrivalKey`, the ids as hex. None where there are not as many as the arrival counts. */
export function idsBySeries(arrival: Arrival, ids: string): Map<string, string> {
  const [, , , , names, groups] = arrival;
  const counts = names.map(() => 0);
  for (const group of groups) counts[group[0]]! += callsOfGroup(group);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (ids.length !== total * ID_DIGITS) return new Map();
  let at = 0;
  return new Map(
    names.map((name, series) => {
      const from = at;
      at += counts[series]! * ID_DIGITS;
      return [arrivalKey(name), ids.slice(from, at)];
    }),
  );
}

/** The UUIDs of ids that are hex. */
export function uuidsOf(ids: string): string[] {
  return Array.from({ length: ids.length / ID_DIGITS }, (_, index) => {
    const id = ids.slice(index * ID_DIGITS, (index + 1) * ID_DIGITS).toLowerCase();
    const parts = [
      id.slice(0, 8),
      id.slice(8, 12),
      id.slice(12, 16),
      id.slice(16, 20),
      id.slice(20),
    ];
    return parts.join("-");
  });
}

/** By `arrivalKey`, of what a fold counts under another name than its own. */
export function countedElsewhere(deltas: Iterable<SeriesDelta>): Map<string, CountedAs> {
  const elsewhere = new Map<string, CountedAs>();
  for (const { name, sources } of deltas) {
    const countedName = seriesKey(...name);
    for (const source of sources) {
      const [workspace = "", plugin = "", tool = ""] = source.split("\0");
      if (seriesKey(workspace, plugin, tool) !== countedName) {
        elsewhere.set(source, name[2] as CountedAs);
      }
    }
  }
  return elsewhere;
}

/** Whether names are asked for that calls are counted under and have not. */
export function asksForCounted({
  workspace,
  plugin,
  tool,
}: {
  workspace?: string | undefined;
  plugin?: string | undefined;
  tool?: string | undefined;
}): boolean {
  return tool === UNKNOWN_TOOL || [workspace, plugin, tool].includes(OTHER);
}
