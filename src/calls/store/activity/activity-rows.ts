/**
 * Reads cells of activity, newest windows first: of all calls, of plugins or of series by their numbers. Of a row no
 * column is read but the one that is asked for and those before.
 */
import {
  type ActivityTier,
  blockOfPlugin,
  blockOfSeries,
  PLUGINS_PER_BLOCK,
  SERIES_PER_BLOCK,
} from "#calls/activity/activity-blocks.ts";
import type { CellFilter } from "#calls/activity/activity-filter.ts";
import type { CellSink } from "#calls/activity/activity-question.ts";
import { PackedNumbers } from "#calls/activity/packed-cells.ts";
import { nextTurn } from "#platform/slices.ts";

/** What is read: `numbers` of plugins or of series, or all up to `next`. Of totals the only number is 0. */
export type RowsAsked =
  | { column: "totals" }
  | { column: "plugins" | "series"; numbers: readonly number[] | null; next: number };

/** Windows from `from` up to before `to`, by their numbers since the epoch. */
export interface Windows {
  from: number;
  to: number;
}

/** Where cells go that are wanted: null, and a number's are passed over. */
export interface CellTaker {
  isWanted: CellFilter;
  sinksOf(window: number): (number: number) => CellSink | null;
}

/** Rows that the first statement looks for; the next one as many as 2 MB of cells are expected of. */
const ROWS_FIRST = 400;
const ROWS_MAX = 3_000;
const STATEMENT_CHARACTERS = 2_000_000;
/** What a request reads at most: a second of the database's one thread and of the isolate's, in parts. */
const REQUEST_CHARACTERS_MAX = 48_000_000;

/** A row by its key takes as long as three in a row, and D1 bills it as three: the table's and two of JSON. */
const LOOK_UP_ROWS = 3;

interface CellsRow {
  window: number;
  block: number;
  cells: string;
}

/** ?2: blocks; ?3 and ?4: windows, from and to. */
const lookUpBlocks = ({ table, window }: ActivityTier, column: string) => `WITH RECURSIVE
  w(window) AS (SELECT ?3 UNION ALL SELECT window + 1 FROM w WHERE window + 1 < ?4)
  SELECT window, a.block, a.${column} AS cells FROM w CROSS JOIN json_each(?2) b CROSS JOIN ${table} a
    ON a.org = ?1 AND a.${window} = w.window AND a.block = b.value`;

/** ?2: the last block. */
const rangeOfBlocks = (
  { table, window }: ActivityTier,
  column: string,
) => `SELECT a.${window} AS window,
    a.block, a.${column} AS cells FROM ${table} a
  WHERE a.org = ?1 AND a.${window} >= ?3 AND a.${window} < ?4 AND a.block <= ?2`;

/** The oldest window that was read: that of `windows`, unless they have more than a request may read. */
export async function readActivityRows(
  db: D1Database,
  org: string,
  tier: ActivityTier,
  rows: RowsAsked,
  windows: Windows,
  taker: CellTaker,
): Promise<number> {
  const { sql, keys, rowsPerWindow, takeRow } = rowsReading(tier, rows, taker);
  if (rowsPerWindow === 0) return windows.from;
  const statement = db.prepare(sql);
  let rowsAsked = ROWS_FIRST;
  let to = windows.to;
  for (let characters = 0; to > windows.from && characters < REQUEST_CHARACTERS_MAX; ) {
    if (characters > 0) await nextTurn();
    const from = Math.max(windows.from, to - Math.max(1, Math.floor(rowsAsked / rowsPerWindow)));
    const { results } = await statement.bind(org, keys, from, to).all<CellsRow>();
    // What a block's series are added to is in the processor's cache as long as it is at that block.
    for (const row of results.toSorted((a, b) => a.block - b.block)) takeRow(row);
    const read = results.reduce((sum, { cells }) => sum + cells.length, 1);
    rowsAsked = Math.min(ROWS_MAX, (rowsAsked * STATEMENT_CHARACTERS) / Math.max(read, 200_000));
    characters += read;
    to = from;
  }
  return to;
}

interface RowsReading {
  sql: string;
  /** Of the statement's ?2. */
  keys: string | number;
  rowsPerWindow: number;
  takeRow(row: CellsRow): void;
}

function rowsReading(tier: ActivityTier, asked: RowsAsked, taker: CellTaker): RowsReading {
  if (asked.column === "totals") {
    return {
      sql: lookUpBlocks(tier, "totals"),
      keys: "[0]",
      rowsPerWindow: 1,
      takeRow: ({ window, cells }) => {
        const numbers = new PackedNumbers(cells);
        const sink = taker.sinksOf(window)(0);
        while (numbers.hasMore) takeCell(numbers, taker.isWanted, sink);
      },
    };
  }
  const { column, numbers, next } = asked;
  const [blockOf, perBlock] =
    column === "series" ? [blockOfSeries, SERIES_PER_BLOCK] : [blockOfPlugin, PLUGINS_PER_BLOCK];
  const blocksEnd = next === 0 ? 0 : blockOf(next - 1) + 1;
  const blocks = numbers === null ? allUpTo(blocksEnd) : [...new Set(numbers.map(blockOf))];
  const wanted = numbers === null ? null : new Set(numbers);
  const takeRow = ({ window, block, cells }: CellsRow) => {
    const sinkOf = taker.sinksOf(window);
    takeBlock(cells, taker.isWanted, (place) => {
      const number = block * perBlock + place;
      return wanted === null || wanted.has(number) ? sinkOf(number) : null;
    });
  };
  const isRange = column === "series" && blocks.length * LOOK_UP_ROWS > blocksEnd;
  return isRange
    ? { sql: rangeOfBlocks(tier, column), keys: blocksEnd - 1, rowsPerWindow: blocksEnd, takeRow }
    : {
        sql: lookUpBlocks(tier, column),
        keys: JSON.stringify(blocks),
        rowsPerWindow: blocks.length,
        takeRow,
      };
}

const allUpTo = (end: number) => Array.from({ length: end }, (_, number) => number);

function takeBlock(
  cells: string,
  isWanted: CellFilter,
  sinkOf: (place: number) => CellSink | null,
): void {
  const numbers = new PackedNumbers(cells);
  while (numbers.hasMore) {
    const sink = sinkOf(numbers.next());
    const size = numbers.next();
    if (sink === null) numbers.skip(2 * size);
    else for (let left = size; left > 0; left -= 1) takeCell(numbers, isWanted, sink);
  }
}

function takeCell(numbers: PackedNumbers, isWanted: CellFilter, sink: CellSink | null): void {
  const cell = numbers.next();
  const count = numbers.next();
  if (isWanted(cell)) sink?.add(cell, count);
}
