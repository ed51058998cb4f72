/** The lines and labels of a plot: seen by all, read out by none, for each mark says its own time and value. */

import type { Zone } from "#dashboard/place/time-range.ts";
import { type ColumnAxis, columnLeft, columnState, columnTimes } from "./column-axis.ts";
import type { PlotBox } from "./plot-box.ts";
import { tickLabel, timeTicks } from "./time-ticks.ts";
import { UNHEARD } from "./unheard.ts";
import { zoneOffset } from "./zone-offset.ts";

const LABEL_PX = 50;

export interface ValueTick {
  /** 0 at the bottom, 1 at the top. */
  readonly share: number;
  readonly label: string;
}

export function ValueAxis({ box, ticks }: { box: PlotBox; ticks: readonly ValueTick[] }) {
  return (
    <g class="axis" {...UNHEARD}>
      {ticks.map(({ share, label }) => {
        const y = Math.round(box.top + (1 - share) * box.height) + 0.5;
        return (
          <g key={label}>
            <path class="grid-line" d={`M${box.left} ${y}h${box.width}`} />
            <text x={box.left - 6} y={y} text-anchor="end" dominant-baseline="middle">
              {label}
            </text>
          </g>
        );
      })}
    </g>
  );
}

export function TimeAxis({ box, axis, zone }: { box: PlotBox; axis: ColumnAxis; zone: Zone }) {
  const { fromMs, toMs } = columnTimes(axis, 0, axis.columns - 1);
  const most = Math.max(2, Math.floor(box.width / LABEL_PX));
  const bottom = box.top + box.height;
  return (
    <g class="axis" {...UNHEARD}>
      {timeTicks(fromMs, toMs, most, zoneOffset(zone)).map((tick) => {
        const x = Math.round(box.left + ((tick.ms - fromMs) / (toMs - fromMs)) * box.width) + 0.5;
        return (
          <g key={tick.ms}>
            <path class="tick-line" d={`M${x} ${bottom}v4`} />
            <text
              x={x}
              y={bottom + 17}
              text-anchor={anchorOf(x, box)}
              class={tick.isDayStart ? "tick-day" : undefined}
            >
              {tickLabel(tick)}
            </text>
          </g>
        );
      })}
    </g>
  );
}

/** A label at an end stays within the picture. */
function anchorOf(x: number, { left, width }: PlotBox): "start" | "middle" | "end" {
  if (x > left + width - 16) return "end";
  return x < left + 16 ? "start" : "middle";
}

/** What is still being counted is hatched; what was not looked at is marked, for it is not none. */
export function ColumnStates({ box, axis, id }: { box: PlotBox; axis: ColumnAxis; id: string }) {
  const columns = Array.from({ length: axis.columns }, (_, column) => column);
  return (
    <g {...UNHEARD}>
      <pattern
        id={`${id}-open`}
        width="6"
        height="6"
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(45)"
      >
        <path class="hatch" d="M0 0v6" />
      </pattern>
      {columns.map((column) => {
        const state = columnState(axis, column);
        if (state === "whole" || state === "future") return null;
        const x = box.left + columnLeft(column, axis.columns, box.width);
        const width = box.left + columnLeft(column + 1, axis.columns, box.width) - x;
        const fill = state === "open" ? { fill: `url(#${id}-open)` } : { class: "not-looked-at" };
        return <rect key={column} x={x} y={box.top} width={width} height={box.height} {...fill} />;
      })}
    </g>
  );
}
