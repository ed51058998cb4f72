/** Calls by outcome over time: stacked in the one order that they have everywhere. */

import { useId } from "preact/hooks";
import { formatCount, formatShortCount } from "#dashboard/parts/format-figure.ts";
import { type CallOutcome, OUTCOME_WORDS, OUTCOMES } from "#dashboard/parts/outcomes.ts";
import { columnLeft, columnState } from "./column-axis.ts";
import { type ColumnPart, ColumnPlot, type ColumnPlotTerms, columnArea } from "./column-plot.tsx";
import { niceAxis } from "./nice-axis.ts";
import type { OutcomeColumns } from "./outcome-columns.ts";
import { OutcomePattern, patternId } from "./outcome-patterns.tsx";
import type { PlotBox } from "./plot-box.ts";
import { stackedSegments } from "./stacked-segments.ts";
import { UNHEARD } from "./unheard.ts";

interface OutcomeBarsTerms
  extends Omit<ColumnPlotTerms, "ticks" | "marks" | "partsOf" | "height" | "label"> {
  counts: OutcomeColumns;
  /** Of all outcomes where none is given. */
  hrefOf(column: number, outcome: CallOutcome | null): string;
}

const HEIGHT_PX = 180;
/** Of less a pattern leaves a few dots. */
const PATTERN_PX_MIN = 5;

export function OutcomeBars({ counts, hrefOf, ...plot }: OutcomeBarsTerms) {
  const id = useId();
  const { axis, timeOf } = plot;
  const totals = Array.from({ length: axis.columns }, (_, column) => totalOf(counts, column));
  const { top, ticks } = niceAxis(Math.max(0, ...totals), 1);
  const partsOf = (column: number, box: PlotBox): ColumnPart[] => {
    const total = totals[column]!;
    const state = columnState(axis, column);
    const time = timeOf(column);
    const whole: ColumnPart = {
      level: 0,
      href: total === 0 ? null : hrefOf(column, null),
      label: `${time}: ${wordsOf(state, total)}`,
      mark: columnArea(column, axis.columns, box),
    };
    const x = box.left + columnLeft(column, axis.columns, box.width);
    const width = box.left + columnLeft(column + 1, axis.columns, box.width) - x;
    const gap = width >= 4 ? 1 : 0;
    const column6 = OUTCOMES.map((outcome) => counts[outcome][column] ?? 0);
    const segments = stackedSegments(column6, top, box.height).map((segment, index) => {
      const outcome = OUTCOMES[segment.series]!;
      return {
        level: index + 1,
        href: hrefOf(column, outcome),
        label: `${time}: ${formatCount(column6[segment.series]!)} ${OUTCOME_WORDS[outcome]}`,
        mark: (
          <rect
            x={x}
            y={box.top + box.height - segment.base - segment.height}
            width={width - gap}
            height={segment.height}
            {...(segment.height < PATTERN_PX_MIN
              ? { class: `segment fill-${outcome}` }
              : { class: "segment", fill: `url(#${patternId(id, outcome)})` })}
          />
        ),
      };
    });
    return [whole, ...segments];
  };
  return (
    <ColumnPlot
      {...plot}
      label="Calls by outcome over time"
      height={HEIGHT_PX}
      ticks={ticks.map((tick) => ({ share: tick / top, label: formatShortCount(tick) }))}
      marks={(box) => (
        <g {...UNHEARD}>
          <defs>
            {OUTCOMES.map((outcome) => (
              <OutcomePattern key={outcome} chart={id} outcome={outcome} />
            ))}
          </defs>
          <path class="baseline" d={`M${box.left} ${box.top + box.height + 0.5}h${box.width}`} />
        </g>
      )}
      partsOf={partsOf}
    />
  );
}

export function totalOf(counts: OutcomeColumns, column: number): number {
  return OUTCOMES.reduce((sum, outcome) => sum + (counts[outcome][column] ?? 0), 0);
}

function wordsOf(state: ReturnType<typeof columnState>, total: number): string {
  if (state === "future") return "not yet";
  if (state === "unknown" && total === 0) return "not looked at";
  const calls = total === 0 ? "no calls" : `${formatCount(total)} calls`;
  return state === "open" ? `${calls} so far` : calls;
}
