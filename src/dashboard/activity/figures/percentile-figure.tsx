import { useState } from "preact/hooks";
import { type ActivityAnswer, axisOf, type QuantileName } from "#dashboard/activity/answers.ts";
import type { Asking } from "#dashboard/activity/asking.ts";
import { spanLabel } from "#dashboard/activity/shown-times.ts";
import { ChartFrame } from "#dashboard/charts/chart-frame.tsx";
import { columnTimes } from "#dashboard/charts/column-axis.ts";
import { LineChart } from "#dashboard/charts/line-chart.tsx";
import { logAxis, logShare } from "#dashboard/charts/log-axis.ts";
import { DataTable } from "#dashboard/parts/data-table.tsx";
import { formatCount, formatDuration } from "#dashboard/parts/format-figure.ts";
import { COUNTED } from "#dashboard/parts/outcomes.ts";
import { Link } from "#dashboard/place/link.tsx";
import { PickButton } from "./brush-tools.tsx";
import { callsHref, takeSelection } from "./column-drill.ts";
import { outcomeColumns } from "./outcome-figure.tsx";

const QUANTILES: readonly { name: QuantileName; title: string; style: string }[] = [
  { name: "p99_ms", title: "p99", style: "line-p99" },
  { name: "p95_ms", title: "p95", style: "line-p95" },
  { name: "p50_ms", title: "p50", style: "line-p50" },
];

export function PercentileFigure({ asking, answer }: { asking: Asking; answer: ActivityAnswer }) {
  const { query, zone } = asking;
  const [look, setLook] = useState<number | null>(null);
  const [isPicking, setIsPicking] = useState(false);
  const axis = axisOf(answer);
  const counts = outcomeColumns(answer);
  const callsOf = (column: number) =>
    COUNTED.reduce((sum, outcome) => sum + (counts[outcome][column] ?? 0), 0);
  const valueOf = (name: QuantileName, column: number) => answer.quantiles[name][column] ?? null;
  const values = QUANTILES.flatMap(({ name }) => answer.quantiles[name]).filter((ms) => ms !== null);
  const scale = logAxis(values);
  const timeOf = (column: number) => spanLabel(columnTimes(axis, column), zone);
  const told = (column: number) =>
    QUANTILES.toReversed()
      .map(({ name, title }) => `${title} ${formatDuration(valueOf(name, column))}`)
      .join(", ");
  const wordsOf = (column: number) =>
    callsOf(column) === 0 ? "no calls" : `${told(column)}, of ${formatCount(callsOf(column))} calls`;
  const hrefOf = (column: number) =>
    callsOf(column) === 0
      ? null
      : callsHref(query, { ...columnTimes(axis, column), outcomes: COUNTED });
  return (
    <ChartFrame
      title="Latency percentiles"
      summary={percentileSummary(answer, timeOf)}
      tools={<PickButton isPicking={isPicking} onChange={setIsPicking} what="times" />}
      table={() => (
        <DataTable
          caption="Latency percentiles, newest first"
          rows={Array.from({ length: axis.columns }, (_, column) => column).toReversed()}
          keyOf={String}
          columns={[
            { key: "time", title: "Time", render: timeOf },
            ...QUANTILES.toReversed().map(({ name, title }) => ({
              key: name,
              title,
              align: "end" as const,
              render: (column: number) => formatDuration(valueOf(name, column)),
            })),
            {
              key: "calls",
              title: "Calls",
              align: "end",
              render: (column) => {
                const href = hrefOf(column);
                return href === null ? 0 : <Link href={href}>{formatCount(callsOf(column))}</Link>;
              },
            },
          ]}
        />
      )}
    >
      <div class="legend">
        <span class="legend-time">{look === null ? "" : timeOf(look)}</span>
        <ul>
          {QUANTILES.map(({ name, title, style }) => (
            <li key={name}>
              <svg class={`line-key ${style}`} viewBox="0 0 24 10" aria-hidden="true">
                <path class="line" d="M0 5h24" />
              </svg>
              {title} {look === null ? "" : formatDuration(valueOf(name, look))}
            </li>
          ))}
        </ul>
      </div>
      <LineChart
        label="Latency percentiles over time"
        axis={axis}
        zone={zone}
        ticks={scale.ticks.map((ms) => ({ share: logShare(scale, ms), label: formatDuration(ms) }))}
        lines={QUANTILES.map(({ name, title, style }) => ({
          name: title,
          style,
          shares: Array.from({ length: axis.columns }, (_, column) => {
            const ms = valueOf(name, column);
            return ms === null ? null : logShare(scale, ms);
          }),
        }))}
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

function percentileSummary({ quantiles }: ActivityAnswer, timeOf: (column: number) => string): string {
  let worst: number | null = null;
  for (const [column, ms] of quantiles.p95_ms.entries()) {
    if (ms !== null && ms > (worst === null ? -1 : (quantiles.p95_ms[worst] ?? -1))) worst = column;
  }
  if (worst === null) return "No latencies: no call matches.";
  return `Highest p95 ${formatDuration(quantiles.p95_ms[worst] ?? null)}, ${timeOf(worst)}.`;
}
