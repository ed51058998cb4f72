/** Keys of a grid with one tab stop: https://www.w3.org/WAI/ARIA/apg/patterns/grid/ */
export interface GridPlace {
  readonly column: number;
  readonly row: number;
}

export interface GridSize {
  readonly columns: number;
  readonly rows: number;
}

/** As a page is of what Home and End are of a row. */
const PAGE = 5;

/** Where a key leads, or null of a key that is not the grid's. */
export function moveInGrid(
  { column, row }: GridPlace,
  { columns, rows }: GridSize,
  key: string,
  isControl: boolean,
): GridPlace | null {
  const moves: Record<string, GridPlace> = {
    ArrowLeft: { column: column - 1, row },
    ArrowRight: { column: column + 1, row },
    ArrowUp: { column, row: row - 1 },
    ArrowDown: { column, row: row + 1 },
    PageUp: { column, row: row - PAGE },
    PageDown: { column, row: row + PAGE },
    Home: { column: 0, row: isControl ? 0 : row },
    End: { column: columns - 1, row: isControl ? rows - 1 : row },
  };
  const place = Object.hasOwn(moves, key) ? moves[key]! : null;
  return place && { column: clamp(place.column, columns), row: clamp(place.row, rows) };
}

function clamp(place: number, length: number): number {
  return Math.min(length - 1, Math.max(0, place));
}
