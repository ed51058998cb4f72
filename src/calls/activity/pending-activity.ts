/** Cells of what is not folded yet, for whoever reads those that are stored. */

import type { Pending } from "#calls/figures/pending.ts";
import type { SeriesDelta } from "#calls/fold-delta.ts";
import type { CellTaker, RowsAsked, Windows } from "#calls/store/activity/activity-rows.ts";
import { MINUTE_MS } from "#platform/time.ts";
import { type ActivityTier, pluginNameKey } from "./activity-blocks.ts";
import type { Cells } from "./activity-cells.ts";

/** Of windows from `from` up to before `to`. */
export function takePending(
  { series, plugins }: Pending,
  tier: ActivityTier,
  asked: RowsAsked,
  windows: Windows,
  taker: CellTaker,
): void {
  const wanted =
    asked.column === "totals" || asked.numbers === null ? null : new Set(asked.numbers);
  for (const [number, delta] of series) {
    const asRead = numberIn(asked, number, () => plugins.get(pluginNameKey(delta.name))!);
    if (wanted !== null && !wanted.has(asRead)) continue;
    for (const [window, cells] of cellsWithin(delta, tier, windows)) {
      takeCells(cells, taker, window, asRead);
    }
  }
}

function numberIn({ column }: RowsAsked, series: number, pluginOf: () => number): number {
  if (column === "totals") return 0;
  return column === "series" ? series : pluginOf();
}

function* cellsWithin(
  { minutes }: SeriesDelta,
  { windowMs }: ActivityTier,
  { from, to }: Windows,
): Generator<[window: number, cells: Cells]> {
  for (const [minute, cells] of minutes) {
    const window = Math.floor((minute * MINUTE_MS) / windowMs);
    if (window >= from && window < to) yield [window, cells];
  }
}

function takeCells(
  cells: Cells,
  { isWanted, sinksOf }: CellTaker,
  window: number,
  number: number,
): void {
  const sink = sinksOf(window)(number);
  for (const [cell, count] of cells) if (isWanted(cell)) sink?.add(cell, count);
}
