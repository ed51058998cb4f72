/** The rows of a latency heat map: half-octaves of seconds, OTel's scale 1, the longest on top. */
import { durationRangeMs, HALF_OCTAVE_MIN } from "#formats/half-octave.ts";
import { type ColumnAxis, columnTimes, type TimeSpan } from "./column-axis.ts";

export interface HeatRows {
  readonly lowest: number;
  readonly highest: number;
}

/** A map of one row could not be read: so many are shown at least. */
const ROWS_MIN = 8;

/** From the least bucket that has calls to the greatest, and of a quiet map some more on both sides. */
export function heatRows(buckets: readonly number[]): HeatRows {
  if (buckets.length === 0) return { lowest: -16, highest: 3 };
  const least = buckets.reduce((a, b) => Math.min(a, b));
  const greatest = buckets.reduce((a, b) => Math.max(a, b));
  const missing = Math.max(0, ROWS_MIN - (greatest - least + 1));
  const lowest = Math.max(HALF_OCTAVE_MIN, least - Math.ceil(missing / 2));
  return { lowest, highest: Math.max(greatest, lowest + ROWS_MIN - 1) };
}

export function rowCount({ lowest, highest }: HeatRows): number {
  return highest - lowest + 1;
}

/** Row 0 is the top one. */
export function bucketOfRow(rows: HeatRows, row: number): number {
  return rows.highest - row;
}

export interface DoublingLine {
  readonly seconds: number;
  /** The row whose lower edge it is. */
  readonly row: number;
}

/** Lines at powers of two of a second, every so many doublings that at most `most` are labelled. */
export function doublingLines(rows: HeatRows, most: number): DoublingLine[] {
  const doublings = Math.max(1, Math.ceil(rowCount(rows) / 2 / most));
  const lines: DoublingLine[] = [];
  for (let bucket = rows.highest; bucket >= rows.lowest; bucket--) {
    const isLine = bucket % 2 === 0 && (bucket / 2) % doublings === 0;
    if (isLine) lines.push({ seconds: 2 ** (bucket / 2), row: rows.highest - bucket });
  }
  return lines;
}

export interface CellCorner {
  readonly column: number;
  readonly row: number;
}

export interface HeatSelection extends TimeSpan {
  /** Null where the selection reaches over all rows: then it is of time alone. */
  readonly minDurationMs: number | null;
  readonly maxDurationMs: number | null;
}

/** What a rectangle of cells means, its corners in any order. */
export function heatSelection(
  axis: ColumnAxis,
  rows: HeatRows,
  a: CellCorner,
  b: CellCorner,
): HeatSelection {
  const first = Math.min(a.column, b.column);
  const times = columnTimes(axis, first, Math.max(a.column, b.column));
  const upper = Math.min(a.row, b.row);
  const lower = Math.max(a.row, b.row);
  const isFullHeight = upper === 0 && lower === rowCount(rows) - 1 && lower !== upper;
  if (isFullHeight) return { ...times, minDurationMs: null, maxDurationMs: null };
  const lowest = durationRangeMs(bucketOfRow(rows, lower));
  const highest = durationRangeMs(bucketOfRow(rows, upper));
  return {
    ...times,
    minDurationMs: lowest.min_duration_ms,
    maxDurationMs: highest.max_duration_ms,
  };
}
