/**
 * Cells: how many calls ended so, and took so long. One number names an outcome and a half-octave of durations, so
 * that any filter by these is a choice of cells. Stored, and sent by SQL, as [cell, count, cell, count, …].
 */
import { HALF_OCTAVE_MIN, halfOctaveOf } from "#formats/half-octave.ts";

/** Room for 81 half-octaves an outcome; in decimal, for cells are stored as digits: most are `ok`, and have two. */
const CELLS_PER_OUTCOME = 100;

/** Cell → count. */
export type Cells = Map<number, number>;
export type StoredCells = readonly number[];

/** Of an index into OUTCOMES and a bucket of the latency histogram. */
export function cellOf(outcome: number, bucket: number): number {
  return outcome * CELLS_PER_OUTCOME + halfOctaveOf(bucket) - HALF_OCTAVE_MIN;
}

export function outcomeOfCell(cell: number): number {
  return Math.floor(cell / CELLS_PER_OUTCOME);
}

export function halfOctaveOfCell(cell: number): number {
  return (cell % CELLS_PER_OUTCOME) + HALF_OCTAVE_MIN;
}

export function addCell(cells: Cells, cell: number, count: number): void {
  cells.set(cell, (cells.get(cell) ?? 0) + count);
}

export function addCells(cells: Cells, others: Cells): void {
  for (const [cell, count] of others) addCell(cells, cell, count);
}

/**
 * The sum of all, in the stored form. There are few cells: looking through them takes a third of the time that a map
 * of them would, and a fold does it for each series.
 */
export function mergedCells(stored: StoredCells, added: readonly Cells[]): StoredCells {
  const sum = [...stored];
  for (const cells of added) for (const [cell, count] of cells) addStored(sum, cell, count);
  return sum;
}

function addStored(stored: number[], cell: number, count: number): void {
  for (let at = 0; at < stored.length; at += 2) {
    if (stored[at] !== cell) continue;
    stored[at + 1]! += count;
    return;
  }
  stored.push(cell, count);
}
