/** The heat map's cells on a canvas: a thousand of them, drawn in one go. */
import { readColour } from "#dashboard/parts/token-colour.ts";
import { type ColumnAxis, columnLeft, columnState } from "./column-axis.ts";
import { formatRgb, heatShade, mixRgb, parseRgb } from "./heat-colour.ts";
import { type HeatRows, rowCount } from "./heat-rows.ts";

export interface HeatPicture {
  readonly axis: ColumnAxis;
  readonly rows: HeatRows;
  readonly cells: readonly (readonly [column: number, bucket: number, calls: number])[];
  readonly width: number;
  readonly height: number;
}

/** Ground between cells, where they are large enough to spare it. */
const GAP_MIN_PX = 5;

export function drawHeat(canvas: HTMLCanvasElement, picture: HeatPicture): void {
  const { width, height, axis, rows, cells } = picture;
  const scale = devicePixelRatio;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.scale(scale, scale);
  drawStates(context, picture);
  const low = parseRgb(readColour("--heat-low"));
  const high = parseRgb(readColour("--heat-high"));
  const greatest = cells.reduce((most, [, , calls]) => Math.max(most, calls), 0);
  const count = rowCount(rows);
  for (const [column, bucket, calls] of cells) {
    const row = rows.highest - bucket;
    const x = columnLeft(column, axis.columns, width);
    const y = columnLeft(row, count, height);
    const right = columnLeft(column + 1, axis.columns, width);
    const bottom = columnLeft(row + 1, count, height);
    context.fillStyle = formatRgb(mixRgb(low, high, heatShade(calls, greatest)));
    context.fillRect(x, y, spared(right - x), spared(bottom - y));
  }
}

function spared(px: number): number {
  return px >= GAP_MIN_PX ? px - 1 : px;
}

/** Open columns are hatched and unknown ones filled, below the cells. */
function drawStates(context: CanvasRenderingContext2D, { axis, width, height }: HeatPicture): void {
  for (let column = 0; column < axis.columns; column++) {
    const state = columnState(axis, column);
    const x = columnLeft(column, axis.columns, width);
    const right = columnLeft(column + 1, axis.columns, width);
    if (state === "open") hatch(context, x, right - x, height);
    if (state === "unknown") {
      context.fillStyle = readColour("--raised");
      context.fillRect(x, 0, right - x, height);
    }
  }
}

const HATCH_PX = 8;

function hatch(context: CanvasRenderingContext2D, x: number, width: number, height: number): void {
  context.save();
  context.beginPath();
  context.rect(x, 0, width, height);
  context.clip();
  context.strokeStyle = readColour("--control");
  context.lineWidth = 1;
  context.beginPath();
  for (let y = -width; y < height + width; y += HATCH_PX) {
    context.moveTo(x, y + width);
    context.lineTo(x + width, y);
  }
  context.stroke();
  context.restore();
}
