/**
 * Cells: how many calls ended so, and took so long. One number names an outcome and a half-octave of durations, so
 * that any filter by these is a choice of cells. How they are stored: packed-cells.ts.
 */
import { OUTCOMES } from "#calls/outcome.ts";
import { HALF_OCTAVE_MIN, halfOctaveOf } from "#formats/half-octave.ts";

/** Room for 81 half-octaves an outcome; most calls are `ok`, so most cells are small numbers. */
const CELLS_PER_OUTCOME = 100;

/** What all cells are below. */
export const CELLS_END = CELLS_PER_OUTCOME * OUTCOMES.length;

/** Cell → count. */
export type Cells = Map<number, number>;

/** Of an index into OUTCOMES and a bucket of the latency histogram. */
export function cellOf(outcome: number, bucket: number): number {
  return outcome * CELLS_PER_OUTCOME + halfOctaveOf(bucket) - HALF_OCTAVE_MIN;
}

export function outcomeOfCell(cell: number): number {
  return OUTCOME_OF[cell]!;
}

export function halfOctaveOfCell(cell: number): number {
  return HALF_OCTAVE_OF[cell]!;
}

/** A day of 10,000 tools has four million cells: looked up, not divided. */
const cells = Array.from({ length: CELLS_END }, (_, cell) => cell);
const OUTCOME_OF = Uint8Array.from(cells, (cell) => Math.floor(cell / CELLS_PER_OUTCOME));
const HALF_OCTAVE_OF = Int8Array.from(
  cells,
  (cell) => (cell % CELLS_PER_OUTCOME) + HALF_OCTAVE_MIN,
);

export function addCell(cells: Cells, cell: number, count: number): void {
  cells.set(cell, (cells.get(cell) ?? 0) + count);
}

export function addCells(cells: Cells, others: Cells): void {
  for (const [cell, count] of others) addCell(cells, cell, count);
}
