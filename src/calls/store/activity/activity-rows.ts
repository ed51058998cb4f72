/**
 * Reads cells of activity, newest windows first: of all calls, of plugins or of series by their numbers. Each row is
 * found by its key, and of it no column is read but the one that is asked for and those before.
 */
import {
  type ActivityTier,
  blockOfPlugin,
  blockOfSeries,
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

/** More of one block are found sooner by reading it whole. */
const EXTRACTED_PER_BLOCK_MAX = 32;

/**
 * ?2: blocks; ?3: windows. D1 bills each of these as a row read, too: three a row of the table, where a range of all
 * blocks would be tens.
 */
const look = (
  { table, window }: ActivityTier,
  cells: string,
  block: string,
) => `SELECT a.${window} AS window,
    ${cells} AS cells
  FROM json_each(?3) w CROSS JOIN json_each(?2) b CROSS JOIN ${table} a
    ON a.org = ?1 AND a.${window} = w.value AND a.block = ${block}`;

const selectBlocks = (tier: ActivityTier, column: string) =>
  look(tier, `json(a.${column})`, "b.value");

/** ?2: [block, [numbers]] of each. Of each row those of the numbers that it has: [[number, [cells]]]. */
const selectNumbers = (tier: ActivityTier, column: string) =>
  look(
    tier,
    `(SELECT json_group_array(json_array(n.value, json(a.${column} -> ('$."' || n.value || '"'))))
      FROM json_each(b.value, '$[1]') n WHERE a.${column} -> ('$."' || n.value || '"') IS NOT NULL)`,
    "b.value ->> 0",
  );

interface CellsRow {
  window: number;
  cells: string;
}

/** The oldest window that was read: that of `windows`, unless they have more than a request may read. */
export async function readActivityRows(
  db: D1Database,
  org: string,
  tier: ActivityTier,
  rows: RowsAsked,
  windows: Windows,
  take: TakeCells,
): Promise<number> {
  const { sql, keys, takeRow } = lookUpOf(tier, rows, take);
  if (keys.length === 0) return windows.from;
  const statement = db.prepare(sql);
  const parameter = JSON.stringify(keys);
  let lookUps = LOOK_UPS_FIRST;
  let to = windows.to;
  for (let characters = 0; to > windows.from && characters < REQUEST_CHARACTERS_MAX; ) {
    if (characters > 0) await nextTurn();
    const from = Math.max(windows.from, to - Math.max(1, Math.floor(lookUps / keys.length)));
    const asked = JSON.stringify(Array.from({ length: to - from }, (_, index) => from + index));
    const { results } = await statement.bind(org, parameter, asked).all<CellsRow>();
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
  const blockOf = column === "series" ? blockOfSeries : blockOfPlugin;
  const all = numbers ?? Array.from({ length: next }, (_, number) => number);
  const blocks = [...Map.groupBy(all, blockOf)];
  if (numbers !== null && numbers.length <= EXTRACTED_PER_BLOCK_MAX * blocks.length) {
    return {
      sql: selectNumbers(tier, column),
      keys: blocks,
      takeRow: ({ window, cells }: CellsRow) => {
        for (const [number, stored] of JSON.parse(cells)) take(window, number, stored);
      },
    };
  }
  const wanted = numbers === null ? null : new Set(numbers.map(String));
  return {
    sql: selectBlocks(tier, column),
    keys: blocks.map(([block]) => block),
    takeRow: ({ window, cells }: CellsRow) => {
      for (const [number, stored] of Object.entries(JSON.parse(cells) as NumberedCells)) {
        if (wanted === null || wanted.has(number)) take(window, Number(number), stored);
      }
    },
  };
}

type NumberedCells = Record<string, StoredCells>;
