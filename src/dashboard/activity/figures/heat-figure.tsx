import { useMemo, useState } from "preact/hooks";
import { axisOf, type HeatMapAnswer } from "#dashboard/activity/answers.ts";
import type { Asking } from "#dashboard/activity/asking.ts";
import { useFigures } from "#dashboard/activity/asking.ts";
import { type Drill, outcomesCounted } from "#dashboard/activity/drill-down.ts";
import { durationTick, spanLabel } from "#dashboard/activity/shown-times.ts";
import { ChartFrame } from "#dashboard/charts/chart-frame.tsx";
import { columnTimes, countedTimes } from "#dashboard/charts/column-axis.ts";
import type { GridPlace } from "#dashboard/charts/grid-keys.ts";
import { HeatMap } from "#dashboard/charts/heat-map.tsx";
import { bucketOfRow, heatRows, heatSelection } from "#dashboard/charts/heat-rows.ts";
import { DataTable } from "#dashboard/parts/data-table.tsx";
import { formatCount, formatDuration } from "#dashboard/parts/format-figure.ts";
import { Link } from "#dashboard/place/link.tsx";
import { durationRangeMs } from "#formats/half-octave.ts";
import { AskedFigure } from "./asked-figure.tsx";
import { BrushUses, PickButton } from "./brush-tools.tsx";
import { callsHref, takeSelection } from "./column-drill.ts";

export function HeatFigure({ asking, columns }: { asking: Asking; columns: number }) {
  const asked = useFigures<HeatMapAnswer>(asking, "activity/heatmap", { columns });
  return (
    <AskedFigure asked={asked} zone={asking.zone} label="Loading latencies">
      {(answer) => <HeatPanel asking={asking} answer={answer} />}
    </AskedFigure>
  );
}

/** More cells than anyone reads: the table has those with most calls. */
const TABLE_ROWS_MAX = 200;

function HeatPanel({ asking, answer }: { asking: Asking; answer: HeatMapAnswer }) {
  const { query, zone } = asking;
  const [isPicking, setIsPicking] = useState(false);
  const axis = useMemo(() => axisOf(answer, answer.columns), [answer]);
  const rows = useMemo(() => heatRows(answer.cells.map(([, bucket]) => bucket)), [answer]);
  const timeOf = (column: number) => spanLabel(columnTimes(axis, column), zone);
  const cellDrill = (column: number, bucket: number): Drill => {
    const range = durationRangeMs(bucket);
    return {
      ...countedTimes(axis, column),
      outcomes: outcomesCounted(query),
      minDurationMs: range.min_duration_ms,
      maxDurationMs: range.max_duration_ms,
    };
  };
  const hrefOf = ({ column, row }: GridPlace) =>
    callsHref(query, cellDrill(column, bucketOfRow(rows, row)));
  return (
    <ChartFrame
      title="Latency heat map"
      summary={heatSummary(answer, timeOf)}
      tools={
        <>
          <BrushUses query={query} />
          <PickButton isPicking={isPicking} onChange={setIsPicking} what="cells" />
        </>
      }
      table={() => (
        <HeatTable
          cells={answer.cells}
          timeOf={timeOf}
          hrefOf={(column, bucket) => callsHref(query, cellDrill(column, bucket))}
        />
      )}
    >
      <HeatMap
        axis={axis}
        rows={rows}
        cells={answer.cells}
        zone={zone}
        timeOf={timeOf}
        durationsOf={(row) => bucketLabel(bucketOfRow(rows, row))}
        secondsLabel={(seconds) => durationTick(seconds * 1000)}
        hrefOf={hrefOf}
        isPicking={isPicking}
        onSelect={({ a, b }) => {
          setIsPicking(false);
          takeSelection(query, heatSelection(axis, rows, a, b));
        }}
      />
      <HeatKey cells={answer.cells} />
    </ChartFrame>
  );
}

interface HeatTableTerms {
  cells: HeatMapAnswer["cells"];
  timeOf(column: number): string;
  hrefOf(column: number, bucket: number): string;
}

function HeatTable({ cells, timeOf, hrefOf }: HeatTableTerms) {
  const isCut = cells.length > TABLE_ROWS_MAX;
  return (
    <DataTable
      caption={`Cells, most calls first${isCut ? `; ${TABLE_ROWS_MAX} of ${cells.length}` : ""}`}
      rows={cells.toSorted((a, b) => b[2] - a[2]).slice(0, TABLE_ROWS_MAX)}
      keyOf={([column, bucket]) => `${column} ${bucket}`}
      columns={[
        { key: "time", title: "Time", render: ([column]) => timeOf(column) },
        { key: "duration", title: "Duration", render: ([, bucket]) => bucketLabel(bucket) },
        {
          key: "calls",
          title: "Calls",
          align: "end",
          render: ([column, bucket, calls]) => (
            <Link href={hrefOf(column, bucket)}>{formatCount(calls)}</Link>
          ),
        },
      ]}
    />
  );
}

/** `22.1–31.2 ms`: above the one, up to the other. */
export function bucketLabel(bucket: number): string {
  const { min_duration_ms: minMs, max_duration_ms: maxMs } = durationRangeMs(bucket);
  if (minMs === 0) return `up to ${formatDuration(maxMs)}`;
  const [low, high] = [formatDuration(minMs), formatDuration(maxMs)];
  const unit = high.split(" ").at(-1) ?? "";
  const isOneUnit = low.split(" ").length === 2 && low.endsWith(` ${unit}`);
  return `${isOneUnit ? low.slice(0, -unit.length - 1) : low}–${high}`;
}

function HeatKey({ cells }: { cells: HeatMapAnswer["cells"] }) {
  const most = cells.reduce((greatest, [, , calls]) => Math.max(greatest, calls), 0);
  if (most === 0) return null;
  return (
    <p class="heat-key">
      <span>1 call</span>
      <span class="heat-ramp" aria-hidden="true" />
      <span>{formatCount(most)} (by the logarithm; none is blank)</span>
    </p>
  );
}

function heatSummary({ cells }: HeatMapAnswer, timeOf: (column: number) => string): string {
  if (cells.length === 0) return "No latencies: no call matches.";
  const [column, bucket, most] = cells.reduce((a, b) => (b[2] > a[2] ? b : a));
  const slowest = cells.reduce((a, b) => (b[1] > a[1] ? b : a));
  return (
    `Most calls, ${formatCount(most)}, took ${bucketLabel(bucket)}, ${timeOf(column)}; ` +
    `the slowest ${bucketLabel(slowest[1])}, ${timeOf(slowest[0])}.`
  );
}
