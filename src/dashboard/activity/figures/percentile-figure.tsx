import { type ActivityAnswer, axisOf, type QuantileName } from "#dashboard/activity/answers.ts";
import type { Asking } from "#dashboard/activity/asking.ts";
import { durationTick } from "#dashboard/activity/shown-times.ts";
import { ChartFrame } from "#dashboard/charts/chart-frame.tsx";
import { type ColumnAxis, countedTimes } from "#dashboard/charts/column-axis.ts";
import { LineChart } from "#dashboard/charts/line-chart.tsx";
import { logAxis, logShare } from "#dashboard/charts/log-axis.ts";
import { DataTable } from "#dashboard/parts/data-table.tsx";
import { formatCount, formatDuration } from "#dashboard/parts/format-figure.ts";
import { COUNTED } from "#dashboard/parts/outcomes.ts";
import { Link } from "#dashboard/place/link.tsx";
import { callsHref } from "./column-drill.ts";
import { columnsFromEnd, useColumnFigure } from "./column-figure.tsx";
import { outcomeColumns, sumAt } from "./outcome-counts.ts";

/** The slowest first, as the lines lie. */
const QUANTILES: readonly { name: QuantileName; title: string; style: string }[] = [
  { name: "p99_ms", title: "p99", style: "line-p99" },
  { name: "p95_ms", title: "p95", style: "line-p95" },
  { name: "p50_ms", title: "p50", style: "line-p50" },
];

export function PercentileFigure({ asking, answer }: { asking: Asking; answer: ActivityAnswer }) {
  const axis = axisOf(answer);
  const { look, plot, tools } = useColumnFigure(asking, axis);
  const { timeOf } = plot;
  const { quantiles } = answer;
  const counts = outcomeColumns(answer);
  const callsOf = (column: number) => sumAt(counts, column, COUNTED);
  const scale = logAxis(
    QUANTILES.flatMap(({ name }) => quantiles[name]).filter((ms) => ms !== null),
  );
  const hrefOf = (column: number) =>
    callsOf(column) === 0
      ? null
      : callsHref(asking.query, { ...countedTimes(axis, column), outcomes: COUNTED });
  const table = { axis, answer, timeOf, callsOf, hrefOf };
  return (
    <ChartFrame
      title="Latency percentiles"
      summary={percentileSummary(answer, timeOf)}
      tools={tools}
      table={() => <PercentileTable {...table} />}
    >
      <PercentileLegend answer={answer} column={look} timeOf={timeOf} />
      <LineChart
        {...plot}
        label="Latency percentiles over time"
        ticks={scale.ticks.map((ms) => ({ share: logShare(scale, ms), label: durationTick(ms) }))}
        lines={QUANTILES.map(({ name, title, style }) => ({
          name: title,
          style,
          shares: quantiles[name].map((ms) => (ms === null ? null : logShare(scale, ms))),
        }))}
        wordsOf={(column) => percentileWords(answer, column, callsOf(column))}
        hrefOf={hrefOf}
      />
    </ChartFrame>
  );
}

function percentileWords({ quantiles }: ActivityAnswer, column: number, calls: number): string {
  if (calls === 0) return "no calls";
  const told = QUANTILES.toReversed().map(
    ({ name, title }) => `${title} ${formatDuration(quantiles[name][column] ?? null)}`,
  );
  return `${told.join(", ")}, of ${formatCount(calls)} calls`;
}

interface PercentileLegendTerms {
  answer: ActivityAnswer;
  column: number | null;
  timeOf(column: number): string;
}

function PercentileLegend({ answer, column, timeOf }: PercentileLegendTerms) {
  return (
    <div class="legend">
      <ul>
        {QUANTILES.map(({ name, title, style }) => (
          <li key={name}>
            <svg class={`line-key ${style}`} viewBox="0 0 24 10" aria-hidden="true">
              <path class="line" d="M0 5h24" />
            </svg>
            {title}
            {column !== null && ` ${formatDuration(answer.quantiles[name][column] ?? null)}`}
          </li>
        ))}
      </ul>
      {column !== null && <span class="muted">{timeOf(column)}</span>}
    </div>
  );
}

interface PercentileTableTerms {
  axis: ColumnAxis;
  answer: ActivityAnswer;
  timeOf(column: number): string;
  callsOf(column: number): number;
  hrefOf(column: number): string | null;
}

function PercentileTable({ axis, answer, timeOf, callsOf, hrefOf }: PercentileTableTerms) {
  const calls = (column: number) => {
    const href = hrefOf(column);
    return href === null ? 0 : <Link href={href}>{formatCount(callsOf(column))}</Link>;
  };
  return (
    <DataTable
      caption="Latency percentiles, newest first"
      rows={columnsFromEnd(axis)}
      keyOf={String}
      columns={[
        { key: "time", title: "Time", render: timeOf },
        ...QUANTILES.toReversed().map(({ name, title }) => ({
          key: name,
          title,
          align: "end" as const,
          render: (column: number) => formatDuration(answer.quantiles[name][column] ?? null),
        })),
        { key: "calls", title: "Calls", align: "end", render: calls },
      ]}
    />
  );
}

function percentileSummary(
  { quantiles }: ActivityAnswer,
  timeOf: (column: number) => string,
): string {
  const values = quantiles.p95_ms.map((ms) => ms ?? Number.NEGATIVE_INFINITY);
  const highest = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(highest)) return "No latencies: no call matches.";
  const told = `Highest p95 ${formatDuration(highest)}, ${timeOf(values.indexOf(highest))}.`;
  // Of half-octaves: whoever compares it with a rollup's, which is exact, should know.
  return `${told} Estimates, within a factor of 1.4.`;
}
