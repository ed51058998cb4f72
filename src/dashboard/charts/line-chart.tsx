/** Lines over columns, told apart by dash, mark and name; a column leads to the calls that its values are of. */

import { columnLeft } from "./column-axis.ts";
import { ColumnPlot, type ColumnPlotTerms, columnArea } from "./column-plot.tsx";
import { type LinePoint, linePath, lonePoints } from "./line-path.ts";
import type { PlotBox } from "./plot-box.ts";
import { UNHEARD } from "./unheard.ts";

export interface ChartLine {
  readonly name: string;
  /** Of style: `line-1` to `line-3`. */
  readonly style: string;
  /** 0 at the bottom, 1 at the top; null where there is none. */
  readonly shares: readonly (number | null)[];
}

interface LineChartTerms extends Omit<ColumnPlotTerms, "marks" | "partsOf" | "height"> {
  lines: readonly ChartLine[];
  hrefOf(column: number): string | null;
  wordsOf(column: number): string;
}

const HEIGHT_PX = 140;
const DOT_PX = 1.75;
/** Where columns are narrower, dots would be the line. */
const DOTTED_PX_MIN = 7;

export function LineChart({ lines, hrefOf, wordsOf, ...plot }: LineChartTerms) {
  const { axis, timeOf } = plot;
  return (
    <ColumnPlot
      {...plot}
      height={HEIGHT_PX}
      marks={(box) => (
        <g {...UNHEARD}>
          <path class="baseline" d={`M${box.left} ${box.top + box.height + 0.5}h${box.width}`} />
          {lines.map((line) => (
            <LineMarks key={line.name} line={line} columns={axis.columns} box={box} />
          ))}
        </g>
      )}
      partsOf={(column, box) => [
        {
          level: 0,
          href: hrefOf(column),
          label: `${timeOf(column)}: ${wordsOf(column)}`,
          mark: columnArea(column, axis.columns, box),
        },
      ]}
    />
  );
}

function LineMarks({ line, columns, box }: { line: ChartLine; columns: number; box: PlotBox }) {
  const points = line.shares.map((share, column): LinePoint | null => {
    if (share === null) return null;
    const x =
      (columnLeft(column, columns, box.width) + columnLeft(column + 1, columns, box.width)) / 2;
    return { x: box.left + x, y: box.top + (1 - share) * box.height };
  });
  const isDotted = box.width / columns >= DOTTED_PX_MIN;
  const dots = isDotted ? points.filter((point) => point !== null) : lonePoints(points);
  return (
    <g class={line.style}>
      <path class="line" d={linePath(points)} />
      {dots.map(({ x, y }) => (
        <circle key={x} class="dot" cx={x} cy={y} r={DOT_PX} />
      ))}
    </g>
  );
}
