/** How much one transaction of a fold takes on. */
import { blockOfSeries } from "#calls/activity/activity-blocks.ts";
import type { FoldDelta } from "#calls/fold-delta.ts";

/**
 * (series, hour) pairs a fold takes on: a row each of `series`, hours and days is patched, 60 to 90 µs
 * together at 84 buckets, so that a chunk stays under 500 ms.
 */
export const TALLIES_MAX = 3_000;
/**
 * Rows of activity that a fold takes on, read and written whole. Of 10,000 tools the current minute and the current
 * quarter have 80; a backlog of a day's minutes takes several folds.
 */
const ACTIVITY_ROWS_MAX = 250;

/** Nothing more is added to it. */
export function isChunk(delta: FoldDelta, seriesNext: number): boolean {
  return delta.tallyCount >= TALLIES_MAX || activityRows(delta, seriesNext) >= ACTIVITY_ROWS_MAX;
}

/** Surely less than a chunk, also of twice as many series. */
export function isWithinChunk(delta: FoldDelta, seriesNext: number): boolean {
  return delta.tallyCount < TALLIES_MAX && activityRows(delta, seriesNext) < ACTIVITY_ROWS_MAX / 2;
}

function activityRows(delta: FoldDelta, seriesNext: number): number {
  return delta.activityRows(blockOfSeries(seriesNext) + 1);
}
