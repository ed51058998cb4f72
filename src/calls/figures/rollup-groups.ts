/** Rollups as they are read: windows × groups of series, with counts and percentiles. */

import type { OutcomeCounts } from "#calls/outcome.ts";
import { callsOf, errorsOf, OUTCOMES } from "#calls/outcome.ts";
import { BucketCounts } from "#formats/exponential-histogram.ts";
import { inSlices } from "#platform/slices.ts";
import { addWindows, millisecondsOf } from "./tool-latency.ts";

export const GROUP_LABELS = ["workspace", "plugin", "tool"] as const;
export type GroupLabel = (typeof GROUP_LABELS)[number];

/** With the labels that were asked for. */
export interface RollupRow extends Partial<Record<GroupLabel, string>> {
  /** Hours or days since the epoch. */
  windowNumber: number;
  outcomes: OutcomeCounts;
  sumUs: number;
  minUs: number | null;
  maxUs: number | null;
  histogram: string;
}

export interface RollupGroup {
  windowNumber: number;
  /** The group's labels joined: its place within its window. */
  key: string;
  labels: Partial<Record<GroupLabel, string>>;
  rows: RollupRow[];
}

/** Rows grouped, newest window first, then by labels. */
export function groupRollups(
  rows: readonly RollupRow[],
  groupBy: readonly GroupLabel[],
): RollupGroup[] {
  const groups = new Map<string, RollupGroup>();
  for (const row of rows) {
    const key = groupBy.map((label) => row[label]).join("\0");
    const id = `${row.windowNumber}\0${key}`;
    const group = groups.get(id);
    if (group !== undefined) {
      group.rows.push(row);
      continue;
    }
    const labels = Object.fromEntries(groupBy.map((label) => [label, row[label]]));
    groups.set(id, { windowNumber: row.windowNumber, key, labels, rows: [row] });
  }
  return [...groups.values()].sort(
    (a, b) => b.windowNumber - a.windowNumber || compareKeys(a.key, b.key),
  );
}

/** A group as a page holds it: figures in place of the rows that they come from. */
export interface RollupGroupFigures extends Omit<RollupGroup, "rows"> {
  figures: RollupFigures;
}

export async function groupFigures({ rows, ...group }: RollupGroup): Promise<RollupGroupFigures> {
  return { ...group, figures: await rollupFigures(rows) };
}

export function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export interface RollupFigures {
  calls: number;
  errors: number;
  outcomes: Record<string, number>;
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
  max_ms: number | null;
  mean_ms: number | null;
}

/** To be parsed and added, at 84 buckets. */
export const HISTOGRAM_COST_US = 8;

/** Latency is null where there were replays only. */
async function rollupFigures(rows: readonly RollupRow[]): Promise<RollupFigures> {
  const counts = new BucketCounts();
  let [minUs, maxUs] = [Number.POSITIVE_INFINITY, 0];
  await inSlices(
    rows,
    () => HISTOGRAM_COST_US,
    (row) => {
      const range = addWindows(counts, [row]);
      minUs = Math.min(minUs, range.minUs);
      maxUs = Math.max(maxUs, range.maxUs);
    },
  );
  const outcomes = OUTCOMES.map((_, index) =>
    rows.reduce((sum, row) => sum + (row.outcomes[index] ?? 0), 0),
  );
  const calls = callsOf(outcomes);
  const sumUs = rows.reduce((sum, row) => sum + row.sumUs, 0);
  const percentile = (quantile: number) =>
    calls === 0 ? null : millisecondsOf(counts.quantileSeconds(quantile, minUs, maxUs));
  return {
    calls,
    errors: errorsOf(outcomes),
    outcomes: Object.fromEntries(OUTCOMES.map((outcome, index) => [outcome, outcomes[index] ?? 0])),
    p50_ms: percentile(0.5),
    p95_ms: percentile(0.95),
    p99_ms: percentile(0.99),
    max_ms: calls === 0 ? null : maxUs / 1e3,
    mean_ms: calls === 0 ? null : Math.round(sumUs / calls) / 1e3,
  };
}
