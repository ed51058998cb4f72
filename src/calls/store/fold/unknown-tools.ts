/**
 * Calls of tools that there are not, whose names are whatever somebody asked for: they are counted together, as
 * their plugin's `__unknown__`, so that nobody fills the org's series with names. A tool is one of these while it
 * has no series and has not succeeded, if its server said so of all its calls, or its plugin has a list without it.
 * One that has a series keeps it: what was counted under a name goes on there.
 */
import { type SeriesName, seriesKey } from "#calls/arrival.ts";
import { SeriesDelta } from "#calls/fold-delta.ts";
import { OTHER, UNKNOWN_TOOL } from "#calls/series.ts";
import { toolLists } from "#calls/tool-lists.ts";
import { findSeries } from "./fold-series.ts";

/** The deltas as they are counted: one a name. The fold's compare-and-set holds for what is read here, too. */
export async function withoutUnknown(
  db: D1Database,
  org: string,
  deltas: readonly SeriesDelta[],
): Promise<SeriesDelta[]> {
  const named = new Map<string, SeriesDelta>();
  // Others' calls first: of a tool that has some, those that were answered "unknown" are its own.
  for (const delta of deltas.filter(({ isUnknown }) => !isUnknown)) {
    named.set(seriesKey(...delta.name), delta);
  }
  for (const delta of deltas.filter(({ isUnknown }) => isUnknown)) {
    const key = seriesKey(...delta.name);
    const other = named.get(key);
    if (other === undefined) named.set(key, delta);
    else other.merge(delta);
  }
  for (const delta of await findUnknown(db, org, [...named.values()])) {
    named.delete(seriesKey(...delta.name));
    const [workspace, plugin] = delta.name;
    addTo(named, [workspace, plugin, UNKNOWN_TOOL], delta);
  }
  return [...named.values()];
}

function addTo(named: Map<string, SeriesDelta>, name: SeriesName, delta: SeriesDelta): void {
  const key = seriesKey(...name);
  const sum = named.get(key) ?? new SeriesDelta(name);
  sum.merge(delta);
  named.set(key, sum);
}

async function findUnknown(
  db: D1Database,
  org: string,
  deltas: readonly SeriesDelta[],
): Promise<SeriesDelta[]> {
  const areListed = toolLists();
  const mayBeUnknown = (delta: SeriesDelta) =>
    (delta.isUnknown || areListed !== null) && !isOurs(delta.name) && !delta.hasSucceeded;
  const suspects = deltas.filter(mayBeUnknown);
  if (suspects.length === 0) return [];
  const found = await findSeries(
    db,
    org,
    suspects.map(({ name }) => name),
    0,
  );
  const nameless = suspects.filter((_, index) => found[index] === undefined);
  if (nameless.length === 0) return [];
  const listed =
    (await areListed?.(
      db,
      org,
      nameless.map(({ name }) => name),
    )) ?? [];
  return nameless.filter(({ isUnknown }, index) => {
    const isListed = listed[index] ?? null;
    return isListed === null ? isUnknown : !isListed;
  });
}

function isOurs([, , tool]: SeriesName): boolean {
  return tool === UNKNOWN_TOOL || tool === OTHER;
}
