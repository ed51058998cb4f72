/** Cells of what is not folded yet, for whoever reads those that are stored. */
import type { SeriesDelta } from "#calls/fold-delta.ts";
import type { Pending } from "#calls/pending.ts";
import type { CellTaker, RowsAsked, Windows } from "#calls/store/activity/activity-rows.ts";
import { MINUTE_MS } from "#platform/time.ts";
import { type ActivityTier, pluginNameKey } from "./activity-blocks.ts";

/** Of windows from `from` up to before `to`. */
export function takePending(
  { series, plugins }: Pending,
  { windowMs }: ActivityTier,
  asked: RowsAsked,
  { from, to }: Windows,
  { isWanted, sinksOf }: CellTaker,
): void {
  const wanted =
    asked.column === "totals" || asked.numbers === null ? null : new Set(asked.numbers);
  const numberOf = (number: number, { name }: SeriesDelta) => {
    if (asked.column === "totals") return 0;
    return asked.column === "series" ? number : plugins.get(pluginNameKey(name))!;
  };
  for (const [ofSeries, delta] of series) {
    const number = numberOf(ofSeries, delta);
    if (wanted !== null && !wanted.has(number)) continue;
    for (const [minute, cells] of delta.minutes) {
      const window = Math.floor((minute * MINUTE_MS) / windowMs);
      if (window < from || window >= to) continue;
      const sink = sinksOf(window)(number);
      for (const [cell, count] of cells) if (isWanted(cell)) sink?.add(cell, count);
    }
  }
}
