/**
 * What tools a plugin has, said by whoever keeps plugins' lists: this room knows none. It registers itself in
 * src/capabilities.ts; without it every tool may be there.
 */
import type { SeriesName } from "./arrival.ts";

/** Sends one query at most. Of each name, in order: whether its plugin's list has the tool; null where there is no list. */
export type AreListed = (
  shardDb: D1Database,
  org: string,
  names: readonly SeriesName[],
) => Promise<readonly (boolean | null)[]>;

let registered: AreListed | null = null;

export function registerToolLists(areListed: AreListed | null): void {
  registered = areListed;
}

export function toolLists(): AreListed | null {
  return registered;
}
