/** What rows of activity add up to. In workerd. */
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
  const sql = `SELECT ${TABLES[table]} AS window, json(totals) AS totals, json(plugins) AS plugins,
    json(series) AS series FROM ${table} WHERE org = ?1`;
  const { results } = await db.prepare(sql).bind(org).all<Row>();
  const sums = (["totals", "plugins", "series"] as const).map((column) => {
    const calls: Record<number, number> = {};
    for (const row of results) {
      const cells = Object.values(JSON.parse(row[column]) as number[] | Record<string, number[]>);
      const counts = cells.flat().filter((_, index) => index % 2 === 1);
      const sum = counts.reduce((total, count) => total + count, 0);
      calls[row.window] = (calls[row.window] ?? 0) + sum;
    }
    return JSON.stringify(calls);
  });
  if (new Set(sums).size !== 1) throw new Error(`columns disagree: ${sums.join(" ")}`);
  return JSON.parse(sums[0]!) as Record<number, number>;
}

export async function activityTotal(org: string, table: keyof typeof TABLES): Promise<number> {
  const calls = await activityCalls(org, table);
  return Object.values(calls).reduce((sum, count) => sum + count, 0);
}
