/** The time axis of a figure that the server cut into steps: columns of equal width, the last one perhaps open. */
export interface ColumnAxis {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly columns: number;
  /** What arrived before then is counted: a column that reaches beyond it is still open, or wholly to come. */
  readonly countedUntilMs: number;
  /** Where a scan broke off: of what lies before, nothing is known. Null where all was looked at. */
  readonly scannedToMs: number | null;
}

/** `open`: counted so far. `future`: blank. `unknown`: not looked at, which is not the same as none. */
export type ColumnState = "whole" | "open" | "future" | "unknown";

export function columnState(axis: ColumnAxis, column: number): ColumnState {
  const { fromMs, toMs } = columnTimes(axis, column);
  if (axis.scannedToMs !== null && fromMs < axis.scannedToMs) return "unknown";
  if (fromMs >= axis.countedUntilMs) return "future";
  return toMs > axis.countedUntilMs ? "open" : "whole";
}

export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Of some columns, both ends among them: `toMs` is where the next one starts, as the lists' `to` is exclusive. */
export function columnTimes(axis: ColumnAxis, first: number, last = first): TimeSpan {
  return {
    fromMs: axis.fromMs + first * axis.stepMs,
    toMs: axis.fromMs + (last + 1) * axis.stepMs,
  };
}

/** Of what is counted in them: where a scan broke off, that is all that is. */
export function countedTimes(axis: ColumnAxis, first: number, last = first): TimeSpan {
  const { fromMs, toMs } = columnTimes(axis, first, last);
  return { fromMs: Math.min(toMs - 1, Math.max(fromMs, axis.scannedToMs ?? fromMs)), toMs };
}

/** The left edge of a column: whole pixels, so that columns differ by one at most and none is blurred. */
export function columnLeft(column: number, columns: number, width: number): number {
  return Math.round((column / columns) * width);
}

/** Which column, or row, lies there; beyond an end it is the last one. */
export function cellAt(px: number, cells: number, size: number): number {
  const cell = Math.floor((px / size) * cells);
  return Math.min(cells - 1, Math.max(0, cell));
}
