import { useState } from "preact/hooks";
import { type ActivityAnswer, axisOf } from "#dashboard/activity/answers.ts";
import type { Asking } from "#dashboard/activity/asking.ts";
import { spanLabel } from "#dashboard/activity/shown-times.ts";
import { ChartFrame } from "#dashboard/charts/chart-frame.tsx";
import { columnTimes } from "#dashboard/charts/column-axis.ts";
import { LineChart } from "#dashboard/charts/line-chart.tsx";
import { niceAxis } from "#dashboard/charts/nice-axis.ts";
import { DataTable } from "#dashboard/parts/data-table.tsx";
import { formatCount, formatShare } from "#dashboard/parts/format-figure.ts";
import { type CallOutcome, COUNTED, FAILED } from "#dashboard/parts/outcomes.ts";
import { Link } from "#dashboard/place/link.tsx";
import { PickButton } from "./brush-tools.tsx";
import { callsHref, takeSelection } from "./column-drill.ts";
import { outcomeColumns } from "./outcome-figure.tsx";

/** A tenth of a percent: below that a chart would magnify one call in a million to its whole height. */
const STEP_MIN = 0.001;

export function RatioFigure({ asking, answer }: { asking: Asking; answer: ActivityAnswer }) {
  const { query, zone } = asking;
  const [look, setLook] = useState<number | null>(null);
  const [isPicking, setIsPicking] = useState(false);
  const axis = axisOf(answer);
  const counts = outcomeColumns(answer);
  const sum = (column: number, outcomes: readonly CallOutcome[]) =>
    outcomes.reduce((total, outcome) => total + (counts[outcome][column] ?? 0), 0);
  const columns = Array.from({ length: axis.columns }, (_, column) => {
    const calls = sum(column, COUNTED);
    const errors = sum(column, FAILED);
    return { column, calls, errors, ratio: calls === 0 ? null : errors / calls };
  });
  const worst = columns.reduce((a, b) => ((b.ratio ?? 0) > (a.ratio ?? 0) ? b : a), columns[0]!);
  const { top, ticks } = niceAxis(worst.ratio ?? 0, STEP_MIN);
  const timeOf = (column: number) => spanLabel(columnTimes(axis, column), zone);
  const wordsOf = (column: number) => {
    const { calls, errors, ratio } = columns[column]!;
    if (ratio === null) return "no calls";
    return `${formatShare(ratio)}: ${formatCount(errors)} of ${formatCount(calls)} failed`;
  };
  const hrefOf = (column: number) =>
    columns[column]!.errors === 0
      ? null
      : callsHref(query, { ...columnTimes(axis, column), outcomes: FAILED });
  return (
    <ChartFrame
      title="Error ratio"
      summary={
        worst.errors === 0 ? "No call failed." : `Worst ${timeOf(worst.column)}: ${wordsOf(worst.column)}.`
      }
      tools={<PickButton isPicking={isPicking} onChange={setIsPicking} what="times" />}
      table={() => (
        <DataTable
          caption="Error ratio, newest first"
          rows={columns.toReversed()}
          keyOf={({ column }) => String(column)}
          columns={[
            { key: "time", title: "Time", render: ({ column }) => timeOf(column) },
            { key: "calls", title: "Calls", align: "end", render: ({ calls }) => formatCount(calls) },
            {
              key: "errors",
              title: "Failed",
              align: "end",
              render: ({ column, errors }) => {
                const href = hrefOf(column);
                return href === null ? 0 : <Link href={href}>{formatCount(errors)}</Link>;
              },
            },
            { key: "ratio", title: "Ratio", align: "end", render: ({ ratio }) => formatShare(ratio) },
          ]}
        />
      )}
    >
      <p class="read-out">{look === null ? " " : `${timeOf(look)} · ${wordsOf(look)}`}</p>
      <LineChart
        label="Error ratio over time"
        axis={axis}
        zone={zone}
        ticks={ticks.map((tick) => ({ share: tick / top, label: formatShare(tick) }))}
        lines={[
          {
            name: "failed",
            style: "line-error",
            shares: columns.map(({ ratio }) => (ratio === null ? null : ratio / top)),
          },
        ]}
        timeOf={timeOf}
        wordsOf={wordsOf}
        hrefOf={hrefOf}
        isPicking={isPicking}
        onLook={setLook}
        onSelect={(first, last) => {
          setIsPicking(false);
          takeSelection(query, columnTimes(axis, first, last));
        }}
      />
    </ChartFrame>
  );
}
