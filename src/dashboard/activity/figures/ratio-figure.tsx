import { type ActivityAnswer, axisOf } from "#dashboard/activity/answers.ts";
import type { Asking } from "#dashboard/activity/asking.ts";
import { ChartFrame } from "#dashboard/charts/chart-frame.tsx";
import { countedTimes } from "#dashboard/charts/column-axis.ts";
import { LineChart } from "#dashboard/charts/line-chart.tsx";
import { niceAxis } from "#dashboard/charts/nice-axis.ts";
import { DataTable } from "#dashboard/parts/data-table.tsx";
import { formatCount, formatShare } from "#dashboard/parts/format-figure.ts";
import { COUNTED, FAILED } from "#dashboard/parts/outcomes.ts";
import { Link } from "#dashboard/place/link.tsx";
import { callsHref } from "./column-drill.ts";
import { useColumnFigure } from "./column-figure.tsx";
import { outcomeColumns, sumAt } from "./outcome-counts.ts";

/** A tenth of a percent: below that a chart would magnify one call in a million to its whole height. */
const STEP_MIN = 0.001;

interface RatioColumn {
  readonly column: number;
  readonly calls: number;
  readonly errors: number;
  /** Null where there was no call: that is no ratio of zero. */
  readonly ratio: number | null;
}

export function RatioFigure({ asking, answer }: { asking: Asking; answer: ActivityAnswer }) {
  const axis = axisOf(answer);
  const { look, plot, tools } = useColumnFigure(asking, axis);
  const { timeOf } = plot;
  const columns = ratioColumns(answer, axis.columns);
  const worst = columns.reduce((a, b) => ((b.ratio ?? 0) > (a.ratio ?? 0) ? b : a), columns[0]!);
  const { top, ticks } = niceAxis(worst.ratio ?? 0, STEP_MIN);
  const wordsOf = (column: number) => ratioWords(columns[column]!);
  const hrefOf = (column: number) =>
    columns[column]!.errors === 0
      ? null
      : callsHref(asking.query, { ...countedTimes(axis, column), outcomes: FAILED });
  const isNone = worst.errors === 0;
  const failed = columns.map(({ ratio }) => (ratio === null ? null : ratio / top));
  return (
    <ChartFrame
      title="Error ratio"
      summary={isNone ? "No call failed." : `Worst ${timeOf(worst.column)}: ${ratioWords(worst)}.`}
      tools={tools}
      table={() => <RatioTable columns={columns} timeOf={timeOf} hrefOf={hrefOf} />}
    >
      <p class="read-out">{look === null ? "" : `${timeOf(look)} · ${wordsOf(look)}`}</p>
      <LineChart
        {...plot}
        label="Error ratio over time"
        ticks={ticks.map((tick) => ({ share: tick / top, label: formatShare(tick) }))}
        lines={[{ name: "failed", style: "line-error", shares: failed }]}
        wordsOf={wordsOf}
        hrefOf={hrefOf}
      />
    </ChartFrame>
  );
}

function ratioColumns(answer: ActivityAnswer, length: number): RatioColumn[] {
  const counts = outcomeColumns(answer);
  return Array.from({ length }, (_, column) => {
    const calls = sumAt(counts, column, COUNTED);
    const errors = sumAt(counts, column, FAILED);
    return { column, calls, errors, ratio: calls === 0 ? null : errors / calls };
  });
}

function ratioWords({ calls, errors, ratio }: RatioColumn): string {
  if (ratio === null) return "no calls";
  return `${formatShare(ratio)}: ${formatCount(errors)} of ${formatCount(calls)} failed`;
}

interface RatioTableTerms {
  columns: readonly RatioColumn[];
  timeOf(column: number): string;
  hrefOf(column: number): string | null;
}

function RatioTable({ columns, timeOf, hrefOf }: RatioTableTerms) {
  const failed = ({ column, errors }: RatioColumn) => {
    const href = hrefOf(column);
    return href === null ? 0 : <Link href={href}>{formatCount(errors)}</Link>;
  };
  return (
    <DataTable
      caption="Error ratio, newest first"
      rows={columns.toReversed()}
      keyOf={({ column }) => String(column)}
      columns={[
        { key: "time", title: "Time", render: ({ column }) => timeOf(column) },
        { key: "calls", title: "Calls", align: "end", render: ({ calls }) => formatCount(calls) },
        { key: "errors", title: "Failed", align: "end", render: failed },
        { key: "ratio", title: "Ratio", align: "end", render: ({ ratio }) => formatShare(ratio) },
      ]}
    />
  );
}
