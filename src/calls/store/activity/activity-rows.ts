/**
 * Reads cells of activity, newest windows first: of all calls, of plugins or of series by their numbers. Each row is
 * found by its key, and of it no column is read but the one that is asked for and those before.
 */
import {
  type ActivityTier,
  blockOfPlugin,
  blockOfSeries,
  PLUGINS_PER_BLOCK,
  SERIES_PER_BLOCK,
} from "#calls/activity/activity-blocks.ts";
import type { StoredCells } from "#calls/activity/activity-cells.ts";
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

export type TakeCells = (window: number, number: number, cells: StoredCells) => void;

/** Look-ups that the first statement makes; the next one as many as 2 MB of cells are expected of. */
const LOOK_UPS_FIRST = 400;
const LOOK_UPS_MAX = 3_000;
const STATEMENT_CHARACTERS = 2_000_000;
/** What a request reads at most: a second of the database's one thread and of the isolate's, in parts. */
const REQUEST_CHARACTERS_MAX = 48_000_000;

/** So few are taken out of their blocks one by one. */
const EXTRACTED_MAX = 8;

const WINDOWS = "w(n) AS (SELECT ?3 UNION ALL SELECT n + 1 FROM w WHERE n + 1 < ?4)";

/** ?2: blocks. */
const selectBlocks = ({ table, window }: ActivityTier, column: string) => `WITH RECURSIVE ${WINDOWS}
  SELECT a.${window} AS window, json(a.${column}) AS cells
  FROM w CROSS JOIN json_each(?2) b CROSS JOIN ${table} a
    ON a.org = ?1 AND a.${window} = w.n AND a.block = b.value`;

/** ?2: numbers. */
const selectNumbers = (
  { table, window }: ActivityTier,
  column: string,
  perBlock: number,
) => `WITH RECURSIVE ${WINDOWS}
  SELECT window, number, cells FROM (
    SELECT a.${window} AS window, b.value AS number, a.${column} -> ('$."' || b.value || '"') AS cells
    FROM w CROSS JOIN json_each(?2) b CROSS JOIN ${table} a
      ON a.org = ?1 AND a.${window} = w.n AND a.block = b.value / ${perBlock})
  WHERE cells IS NOT NULL`;

interface CellsRow {
  window: number;
  number?: number;
  cells: string;
}

/** The oldest window that was read: that of `windows`, unless they have more than a request may read. */
export async function readActivityRows(
  db: D1Database,
  org: string,
  tier: ActivityTier,
  asked: RowsAsked,
  windows: Windows,
  take: TakeCells,
): Promise<number> {
  const { sql, keys, takeRow } = lookUpOf(tier, asked, take);
  if (keys.length === 0) return windows.from;
  const statement = db.prepare(sql);
  const parameter = JSON.stringify(keys);
  let lookUps = LOOK_UPS_FIRST;
  let to = windows.to;
  for (let characters = 0; to > windows.from && characters < REQUEST_CHARACTERS_MAX; ) {
    if (characters > 0) await nextTurn();
    const from = Math.max(windows.from, to - Math.max(1, Math.floor(lookUps / keys.length)));
    const { results } = await statement.bind(org, parameter, from, to).all<CellsRow>();
    for (const row of results) takeRow(row);
    const read = results.reduce((sum, { cells }) => sum + cells.length, 1);
    lookUps = Math.min(LOOK_UPS_MAX, (lookUps * STATEMENT_CHARACTERS) / Math.max(read, 200_000));
    characters += read;
    to = from;
  }
  return to;
}

function lookUpOf(tier: ActivityTier, asked: RowsAsked, take: TakeCells) {
  if (asked.column === "totals") {
    return {
      sql: selectBlocks(tier, "totals"),
      keys: [0],
      takeRow: ({ window, cells }: CellsRow) => take(window, 0, JSON.parse(cells)),
    };
  }
  const { column, numbers, next } = asked;
  const perBlock = column === "series" ? SERIES_PER_BLOCK : PLUGINS_PER_BLOCK;
  if (numbers !== null && numbers.length <= EXTRACTED_MAX) {
    return {
      sql: selectNumbers(tier, column, perBlock),
      keys: numbers,
      takeRow: ({ window, number, cells }: CellsRow) => take(window, number!, JSON.parse(cells)),
    };
  }
  const wanted = numbers === null ? null : new Set(numbers.map(String));
  return {
    sql: selectBlocks(tier, column),
    keys: blocksOf(column === "series" ? blockOfSeries : blockOfPlugin, numbers, next),
    takeRow: ({ window, cells }: CellsRow) => {
      for (const [number, stored] of Object.entries(
        JSON.parse(cells) as Record<string, number[]>,
      )) {
        if (wanted === null || wanted.has(number)) take(window, Number(number), stored);
      }
    },
  };
}

function blocksOf(
  blockOf: (number: number) => number,
  numbers: readonly number[] | null,
  next: number,
): number[] {
  if (numbers !== null) return [...new Set(numbers.map(blockOf))];
  return Array.from({ length: next === 0 ? 0 : blockOf(next - 1) + 1 }, (_, block) => block);
}
