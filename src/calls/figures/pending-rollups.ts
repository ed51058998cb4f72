/** Rollup rows of what is not folded yet, to be grouped with those that are stored. */

import type { Pending } from "#calls/figures/pending.ts";
import { bucketsText } from "#calls/fold-delta.ts";
import type { RollupsAsked, WindowRange } from "#calls/store/rollup-windows.ts";
import { windowsOf } from "./pending-totals.ts";
import { GROUP_LABELS, type RollupRow } from "./rollup-groups.ts";

export function pendingRollups(
  { series }: Pending,
  { granularity, filter }: RollupsAsked,
  { from, to }: WindowRange,
): RollupRow[] {
  const rows: RollupRow[] = [];
  for (const delta of series.values()) {
    const [workspace, plugin, tool] = delta.name;
    const labels = { workspace, plugin, tool };
    const isAsked = GROUP_LABELS.every(
      (label) => (filter[label] ?? labels[label]) === labels[label],
    );
    if (!isAsked) continue;
    for (const [windowNumber, { buckets, ...tally }] of windowsOf(delta, granularity)) {
      if (windowNumber < from || windowNumber >= to) continue;
      rows.push({ ...labels, ...tally, windowNumber, histogram: bucketsText(buckets) });
    }
  }
  return rows;
}

/** Of all that is pending; infinity where nothing is. */
export function oldestPendingWindow({ series }: Pending, asked: RollupsAsked): number {
  let oldest = Number.POSITIVE_INFINITY;
  for (const delta of series.values()) {
    for (const window of windowsOf(delta, asked.granularity).keys())
      oldest = Math.min(oldest, window);
  }
  return oldest;
}
