/**
 * Latencies over time. The cells are a picture; over it lies a grid with one tab stop, whose one cell, the one that is
 * looked at, is a link to exactly its calls (https://www.w3.org/WAI/ARIA/apg/patterns/grid/).
 */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { formatCount } from "#dashboard/parts/format-figure.ts";
import { announce } from "#dashboard/parts/status.tsx";
import { schemeChanges } from "#dashboard/parts/token-colour.ts";
import { Link } from "#dashboard/place/link.tsx";
import type { Zone } from "#dashboard/place/time-range.ts";
import { TimeAxis, ValueAxis } from "./axes.tsx";
import { type ColumnAxis, cellAt, columnLeft } from "./column-axis.ts";
import { drawHeat } from "./draw-heat.ts";
import { type GridPlace, moveInGrid } from "./grid-keys.ts";
import { bucketOfRow, doublingLines, type HeatRows, rowCount } from "./heat-rows.ts";
import { boxHeight, type PlotBox, plotBox } from "./plot-box.ts";
import { UNHEARD } from "./unheard.ts";
import { type BrushSpan, useBrush } from "./use-brush.ts";
import { useWidth } from "./use-width.ts";

export type HeatCells = readonly (readonly [column: number, bucket: number, calls: number])[];

export interface HeatMapTerms {
  axis: ColumnAxis;
  rows: HeatRows;
  cells: HeatCells;
  zone: Zone;
  timeOf(column: number): string;
  durationsOf(row: number): string;
  /** Of a power of two of a second. */
  secondsLabel(seconds: number): string;
  hrefOf(place: GridPlace): string;
  isPicking: boolean;
  onSelect(span: BrushSpan): void;
}

/** Rows that can be pointed at, and a picture that is seen with the bars above it. */
const ROW_PX = 10;
const HEIGHT_MIN_PX = 180;
const HEIGHT_MAX_PX = 300;
const LABELS_MAX = 8;

export function HeatMap(terms: HeatMapTerms) {
  const { axis, rows, cells, zone } = terms;
  const [element, width] = useWidth<HTMLDivElement>();
  const height = Math.min(HEIGHT_MAX_PX, Math.max(HEIGHT_MIN_PX, rowCount(rows) * ROW_PX));
  const box = plotBox(width, height);
  const lines = doublingLines(rows, LABELS_MAX).map(({ seconds, row }) => ({
    share: 1 - (row + 1) / rowCount(rows),
    label: terms.secondsLabel(seconds),
  }));
  return (
    <div ref={element} class="heat" style={{ height: `${boxHeight(box)}px` }}>
      <svg class="plot heat-axes" height={boxHeight(box)} aria-hidden="true">
        <ValueAxis box={box} ticks={lines} />
        <TimeAxis box={box} axis={axis} zone={zone} />
      </svg>
      <HeatPictureCanvas box={box} axis={axis} rows={rows} cells={cells} />
      <HeatGrid {...terms} box={box} />
    </div>
  );
}

interface CanvasTerms {
  box: PlotBox;
  axis: ColumnAxis;
  rows: HeatRows;
  cells: HeatCells;
}

function HeatPictureCanvas({ box, axis, rows, cells }: CanvasTerms) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = box;
  const scheme = schemeChanges.value;
  useLayoutEffect(() => {
    if (canvas.current !== null) drawHeat(canvas.current, { axis, rows, cells, width, height });
  }, [axis, rows, cells, width, height, scheme]);
  return <canvas ref={canvas} class="heat-canvas" style={areaOf(box)} {...UNHEARD} />;
}

function HeatGrid(terms: HeatMapTerms & { box: PlotBox }) {
  const { axis, rows, cells, box, isPicking } = terms;
  const size = { columns: axis.columns, rows: rowCount(rows) };
  const [place, setPlace] = useState<GridPlace | null>(null);
  const focusNext = useRef(false);
  const grid = useRef<HTMLDivElement>(null);
  const at = within(place ?? busiest(cells, rows), size);
  const placeAt = (x: number, y: number) => ({
    column: cellAt(x, size.columns, box.width),
    row: cellAt(y, size.rows, box.height),
  });
  const brush = useBrush({
    cellAt: placeAt,
    isPicking,
    onStart: (cell) => announce(`From ${labelOf(terms, cell)}. Now the other corner.`),
    onSelect: terms.onSelect,
  });
  useEffect(() => {
    if (!focusNext.current) return;
    focusNext.current = false;
    grid.current?.querySelector<HTMLElement>("[tabindex]")?.focus();
  });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") brush.end();
    if (isPicking && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      brush.pick(at);
      return;
    }
    const next = moveInGrid(at, size, event.key, event.ctrlKey);
    if (next === null) return;
    event.preventDefault();
    focusNext.current = true;
    setPlace(next);
  };
  const { onPointerMove, ...handlers } = brush.handlers;
  const look = (event: PointerEvent) => {
    const { left, top } = (event.currentTarget as Element).getBoundingClientRect();
    setPlace(placeAt(event.clientX - left, event.clientY - top));
    onPointerMove(event);
  };
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a table of a thousand cells is the other way to see it */}
      <div
        ref={grid}
        role="grid"
        aria-label="Latency by time; rows are durations, the longest first"
        aria-rowcount={size.rows}
        aria-colcount={size.columns}
        class={`heat-grid ${isPicking ? "plot-picking" : ""}`}
        style={areaOf(box)}
        onKeyDown={onKeyDown}
        onPointerMove={look}
        {...handlers}
      >
        <HeatCell {...terms} at={at} size={size} />
        {brush.span !== null && <div class="brush-area" style={spanOf(brush.span, size, box)} />}
      </div>
      <p class="read-out" style={{ top: `${boxHeight(box)}px` }}>
        {labelOf(terms, at)}
      </p>
    </>
  );
}

interface HeatCellTerms extends HeatMapTerms {
  box: PlotBox;
  at: GridPlace;
  size: { columns: number; rows: number };
}

function HeatCell({ at, size, box, ...terms }: HeatCellTerms) {
  const label = labelOf(terms, at);
  const style = spanOf({ a: at, b: at }, size, box);
  const count = countAt(terms, at);
  return (
    // biome-ignore lint/a11y/useSemanticElements: of a grid that is no table
    // biome-ignore lint/a11y/useFocusableInteractive: its cell is
    <div role="row" aria-rowindex={at.row + 1}>
      {/* biome-ignore lint/a11y/useFocusableInteractive: the link in it is */}
      {/* biome-ignore lint/a11y/useSemanticElements: of a grid that is no table */}
      <div role="gridcell" aria-colindex={at.column + 1} class="heat-cell" style={style}>
        {count === 0 ? (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: arrows pass over what is none, too
          <span tabIndex={0} role="img" aria-label={label} />
        ) : (
          <Link href={terms.hrefOf(at)} tabIndex={0} aria-label={label} />
        )}
      </div>
    </div>
  );
}

function labelOf(terms: HeatMapTerms, at: GridPlace): string {
  const count = countAt(terms, at);
  const calls =
    count === 0 ? "no calls" : `${formatCount(count)} ${count === 1 ? "call" : "calls"}`;
  return `${terms.timeOf(at.column)} · ${terms.durationsOf(at.row)} · ${calls}`;
}

function countAt({ cells, rows }: HeatMapTerms, { column, row }: GridPlace): number {
  const bucket = bucketOfRow(rows, row);
  return cells.find(([atColumn, atBucket]) => atColumn === column && atBucket === bucket)?.[2] ?? 0;
}

/** Where one starts: at the cell that has most calls. */
function busiest(cells: HeatCells, rows: HeatRows): GridPlace {
  let [column, bucket, most] = [0, rows.highest, 0];
  for (const cell of cells) if (cell[2] > most) [column, bucket, most] = cell;
  return { column, row: rows.highest - bucket };
}

function within(place: GridPlace, size: { columns: number; rows: number }): GridPlace {
  return {
    column: Math.min(place.column, size.columns - 1),
    row: Math.min(place.row, size.rows - 1),
  };
}

function areaOf({ left, top, width, height }: PlotBox): Record<string, string> {
  return { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` };
}

function spanOf({ a, b }: BrushSpan, size: { columns: number; rows: number }, box: PlotBox) {
  const left = columnLeft(Math.min(a.column, b.column), size.columns, box.width);
  const right = columnLeft(Math.max(a.column, b.column) + 1, size.columns, box.width);
  const top = columnLeft(Math.min(a.row, b.row), size.rows, box.height);
  const bottom = columnLeft(Math.max(a.row, b.row) + 1, size.rows, box.height);
  return areaOf({ left, top, width: right - left, height: bottom - top });
}
