/** A page of rollup groups: reads windows newest first until the page is full. */
import type { Granularity } from "../domain/metrics-snapshot.ts";
import {
  compareKeys,
  type GroupLabel,
  groupRollups,
  type RollupGroup,
  type RollupRow,
} from "../domain/rollup-groups.ts";
import { findRollupRows, type RollupFilter, type WindowRange } from "./rollup-windows.ts";

/** Rows read at once: 20 MB at a KB a histogram, two windows of an org at the default series cap. */
const ROWS_READ_MAX = 20_000;

export interface RollupQuery {
  org: string;
  granularity: Granularity;
  range: WindowRange;
  filter: RollupFilter;
  groupBy: readonly GroupLabel[];
  /** The last group of the page before. */
  after: { windowNumber: number; key: string } | null;
}

/** At most `limit` + 1 groups, so that the caller sees whether there are more. */
export async function findRollupGroups(
  db: D1Database,
  query: RollupQuery,
  limit: number,
): Promise<RollupGroup[]> {
  const { after, groupBy } = query;
  const groups: RollupGroup[] = [];
  let to = after === null ? query.range.to : after.windowNumber + 1;
  while (to > query.range.from && groups.length <= limit) {
    const { rows, nextTo } = await readWholeWindows(db, query, to);
    groups.push(...groupRollups(rows, groupBy).filter((group) => isAfter(group, after)));
    to = nextTo;
  }
  return groups.slice(0, limit + 1);
}

function isAfter(group: RollupGroup, after: RollupQuery["after"]): boolean {
  if (after === null || group.windowNumber < after.windowNumber) return true;
  return group.windowNumber === after.windowNumber && compareKeys(group.key, after.key) > 0;
}

/** A window that was cut off is left for the next read; one that alone is too large is read whole. */
async function readWholeWindows(
  db: D1Database,
  { org, granularity, range, filter }: RollupQuery,
  to: number,
): Promise<{ rows: RollupRow[]; nextTo: number }> {
  const read = (from: number, rowsMax: number) =>
    findRollupRows(db, org, granularity, { from, to }, filter, rowsMax);
  const rows = await read(range.from, ROWS_READ_MAX);
  const last = rows.at(-1)?.windowNumber ?? range.from;
  if (rows.length < ROWS_READ_MAX) return { rows, nextTo: range.from };
  const whole = rows.filter(({ windowNumber }) => windowNumber > last);
  if (whole.length > 0) return { rows: whole, nextTo: last + 1 };
  return { rows: await read(last, Number.MAX_SAFE_INTEGER), nextTo: last };
}
