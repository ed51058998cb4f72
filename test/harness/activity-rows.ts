/** What rows of activity add up to. In workerd. */
import { PackedNumbers } from "#calls/activity/packed-cells.ts";
import { db } from "./shard-org.ts";

interface Row {
  window: number;
  totals: string;
  plugins: string;
  series: string;
}

const TABLES = { activity_minutes: "minute", activity_quarters: "quarter" } as const;

/** Calls by window, as each of the three columns counts them: they say the same, or the test ends. */
export async function activityCalls(
  org: string,
  table: keyof typeof TABLES,
): Promise<Record<number, number>> {
  const sql = `SELECT ${TABLES[table]} AS window, totals, plugins, series FROM ${table} WHERE org = ?1`;
  const { results } = await db.prepare(sql).bind(org).all<Row>();
  const sums = (["totals", "plugins", "series"] as const).map((column) => {
    const calls: Record<number, number> = {};
    for (const row of results) {
      const sum = column === "totals" ? sumOfCells(row.totals) : sumOfBlock(row[column]);
      calls[row.window] = (calls[row.window] ?? 0) + sum;
    }
    return JSON.stringify(calls);
  });
  if (new Set(sums).size !== 1) throw new Error(`columns disagree: ${sums.join(" ")}`);
  return JSON.parse(sums[0]!) as Record<number, number>;
}

function sumOfCells(text: string): number {
  const numbers = new PackedNumbers(text);
  let sum = 0;
  while (numbers.hasMore) sum += countOfCell(numbers);
  return sum;
}

function sumOfBlock(text: string): number {
  const numbers = new PackedNumbers(text);
  let sum = 0;
  while (numbers.hasMore) {
    numbers.next();
    for (let left = numbers.next(); left > 0; left -= 1) sum += countOfCell(numbers);
  }
  return sum;
}

function countOfCell(numbers: PackedNumbers): number {
  numbers.next();
  return numbers.next();
}

export async function activityTotal(org: string, table: keyof typeof TABLES): Promise<number> {
  const calls = await activityCalls(org, table);
  return Object.values(calls).reduce((sum, count) => sum + count, 0);
}
