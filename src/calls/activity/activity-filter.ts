/** What of a filter of calls the rows of activity can answer: names, outcomes, and durations of whole half-octaves. */

import type { CallFilter } from "#calls/call-filter.ts";
import { OUTCOMES, REPLAY } from "#calls/outcome.ts";
import { HALF_OCTAVE_MAX, HALF_OCTAVE_MIN, halfOctavesBetween } from "#formats/half-octave.ts";
import { CELLS_END, halfOctaveOfCell, outcomeOfCell } from "./activity-cells.ts";

export interface NameFilter {
  workspace?: string | undefined;
  plugin?: string | undefined;
  tool?: string | undefined;
}

export type CellFilter = (cell: number) => boolean;

/** Null where only samples know. */
export function cellFilter(filter: CallFilter): CellFilter | null {
  const { workspace, plugin, tool, outcomes, fromMs, toMs, ...rest } = filter;
  const { minDurationUs, maxDurationUs, ...others } = rest;
  if (Object.values(others).some((value) => value !== undefined)) return null;
  const isAnyDuration = minDurationUs === undefined && maxDurationUs === undefined;
  const durations = isAnyDuration
    ? { from: HALF_OCTAVE_MIN, to: HALF_OCTAVE_MAX }
    : halfOctavesBetween(minDurationUs ?? 0, maxDurationUs ?? Number.MAX_SAFE_INTEGER);
  if (durations === null) return null;
  const isCounted = countedOutcomes(filter);
  const wanted = Array.from({ length: CELLS_END }, (_, cell) => {
    const halfOctave = halfOctaveOfCell(cell);
    const isTimed = halfOctave >= durations.from && halfOctave <= durations.to;
    return isTimed && isCounted(outcomeOfCell(cell));
  });
  return (cell) => wanted[cell]!;
}

/** By index into OUTCOMES. */
export function countedOutcomes({ outcomes }: CallFilter): (outcome: number) => boolean {
  if (outcomes === undefined) return () => true;
  const wanted = new Set<number>(outcomes.map((outcome) => OUTCOMES.indexOf(outcome)));
  return (outcome) => wanted.has(outcome);
}

/**
 * Whether replays are among the calls that are counted, outcomes apart: they are no calls of the tool, so only if they
 * are asked for by name. What is counted is then what the list of calls answers to the same filter.
 */
export function countsReplays({ outcomes }: CallFilter): boolean {
  return outcomes?.includes(OUTCOMES[REPLAY]!) ?? false;
}
