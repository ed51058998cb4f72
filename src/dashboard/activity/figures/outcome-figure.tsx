import { type ActivityAnswer, axisOf } from "#dashboard/activity/answers.ts";
import type { Asking } from "#dashboard/activity/asking.ts";
import { spanLabel } from "#dashboard/activity/shown-times.ts";
import { ChartFrame } from "#dashboard/charts/chart-frame.tsx";
import {
  type ColumnAxis,
  columnState,
  columnTimes,
  countedTimes,
} from "#dashboard/charts/column-axis.ts";
import { OutcomeBars, totalOf } from "#dashboard/charts/outcome-bars.tsx";
import type { OutcomeColumns } from "#dashboard/charts/outcome-columns.ts";
import { DataTable } from "#dashboard/parts/data-table.tsx";
import { formatCount, formatShare } from "#dashboard/parts/format-figure.ts";
import { Swatch } from "#dashboard/parts/outcome.tsx";
import { type CallOutcome, FAILED, OUTCOME_WORDS, OUTCOMES } from "#dashboard/parts/outcomes.ts";
import { Link } from "#dashboard/place/link.tsx";
import { callsHref } from "./column-drill.ts";
import { columnsFromEnd, useColumnFigure } from "./column-figure.tsx";
import { outcomeColumns, sumOf } from "./outcome-counts.ts";

interface ActivityFigureTerms {
  asking: Asking;
  answer: ActivityAnswer;
}

export function OutcomeFigure({ asking, answer }: ActivityFigureTerms) {
  const axis = axisOf(answer);
  const { look, plot, tools } = useColumnFigure(asking, axis);
  const counts = outcomeColumns(answer);
  const terms = { axis, counts, timeOf: plot.timeOf };
  const hrefOf = (column: number, outcome: CallOutcome | null) =>
    callsHref(asking.query, {
      ...countedTimes(axis, column),
      ...(outcome === null ? {} : { outcomes: [outcome] }),
    });
  return (
    <ChartFrame
      title="Calls by outcome"
      summary={<OutcomeSummary {...terms} />}
      tools={tools}
      table={() => <OutcomeTable {...terms} hrefOf={hrefOf} />}
    >
      <OutcomeLegend {...terms} asking={asking} column={look} />
      <OutcomeBars {...plot} counts={counts} hrefOf={hrefOf} />
    </ChartFrame>
  );
}

interface ColumnsTerms {
  axis: ColumnAxis;
  counts: OutcomeColumns;
  timeOf(column: number): string;
}

function OutcomeSummary({ axis, counts, timeOf }: ColumnsTerms) {
  const total = sumOf(counts, OUTCOMES);
  if (total === 0) return <>No call matches.</>;
  const errors = sumOf(counts, FAILED);
  const columns = Array.from({ length: axis.columns }, (_, column) => totalOf(counts, column));
  const most = columns.reduce((a, b) => Math.max(a, b), 0);
  const failed =
    errors === 0 ? "none failed" : `${formatCount(errors)} failed (${formatShare(errors / total)})`;
  return (
    <>
      {formatCount(total)} calls, {failed}; most, {formatCount(most)},{" "}
      {timeOf(columns.indexOf(most))}.
    </>
  );
}

interface LegendTerms extends ColumnsTerms {
  asking: Asking;
  column: number | null;
}

/** The counts of the column that is looked at, else of all: each of these leads to its calls. */
function OutcomeLegend({ asking, axis, counts, column, timeOf }: LegendTerms) {
  const whole = columnTimes(axis, 0, axis.columns - 1);
  const counted = countedTimes(axis, 0, axis.columns - 1);
  const countOf = (outcome: CallOutcome) =>
    column === null ? sumOf(counts, [outcome]) : (counts[outcome][column] ?? 0);
  return (
    <div class="legend">
      <span class="legend-time">
        {column === null ? spanLabel(whole, asking.zone) : timeOf(column)}
        {column !== null && columnState(axis, column) === "open" ? " so far" : ""}
      </span>
      <ul>
        {OUTCOMES.map((outcome) => {
          const count = countOf(outcome);
          const text = `${OUTCOME_WORDS[outcome]} ${formatCount(count)}`;
          return (
            <li key={outcome} class={count === 0 ? "legend-none" : undefined}>
              <Swatch outcome={outcome} />
              {column === null && count > 0 ? (
                <Link href={callsHref(asking.query, { ...counted, outcomes: [outcome] })}>
                  {text}
                </Link>
              ) : (
                <span>{text}</span>
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

interface TableTermsOfOutcomes extends ColumnsTerms {
  hrefOf(column: number, outcome: CallOutcome | null): string;
}

function OutcomeTable({ axis, counts, timeOf, hrefOf }: TableTermsOfOutcomes) {
  const count = (column: number, outcome: CallOutcome) => {
    const calls = counts[outcome][column] ?? 0;
    return calls === 0 ? 0 : <Link href={hrefOf(column, outcome)}>{formatCount(calls)}</Link>;
  };
  return (
    <DataTable
      caption="Calls by outcome, newest first"
      rows={columnsFromEnd(axis)}
      keyOf={String}
      columns={[
        {
          key: "time",
          title: "Time",
          render: (column) =>
            columnState(axis, column) === "open" ? `${timeOf(column)} so far` : timeOf(column),
        },
        ...OUTCOMES.map((outcome) => ({
          key: outcome,
          title: OUTCOME_WORDS[outcome],
          align: "end" as const,
          render: (column: number) => count(column, outcome),
        })),
      ]}
    />
  );
}
