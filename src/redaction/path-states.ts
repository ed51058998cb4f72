/**
 * Paths that are followed while a value is walked once, from the root down: how far each of them has come. What it
 * costs is in proportion to the value and to the paths, whatever they are: no place is looked for twice.
 */
import type { PathSegment } from "./json-path.ts";

/** One path, come so far: the rest of it is to be found below. */
export interface PathState {
  readonly next: PathSegment;
  /** Behind `next`; null: `next` is the path's last. */
  readonly rest: PathState | null;
}

export interface PathStep {
  readonly states: readonly PathState[];
  /** A path ends here: all that is here goes. */
  readonly isEnd: boolean;
}

const NOWHERE: readonly PathState[] = [];

/** At the root. `$` alone is the whole. */
export function startPaths(paths: readonly (readonly PathSegment[])[]): PathStep {
  const states = paths.map(stateOf).filter((state) => state !== null);
  return { states, isEnd: states.length < paths.length };
}

/** A member of what is at `states`, or an item. */
export function stepInto(states: readonly PathState[], key: string | number): PathStep {
  if (states.length === 0) return { states: NOWHERE, isEnd: false };
  // A path that can be at a place in two ways goes on from there once.
  const found = new Set<PathState>();
  let isEnd = false;
  for (const state of states) {
    const { next, rest } = state;
    if (next.descends) found.add(state);
    if (next.selects !== null && next.selects !== key) continue;
    if (rest === null) isEnd = true;
    else found.add(rest);
  }
  return { states: [...found], isEnd };
}

function stateOf(path: readonly PathSegment[]): PathState | null {
  return path.reduceRight<PathState | null>((rest, next) => ({ next, rest }), null);
}
