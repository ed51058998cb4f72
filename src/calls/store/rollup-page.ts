/**
 * A page of rollup groups: reads windows newest first, in slices of bounded cost, until the page is
 * full or the request has cost enough; then the page is short and carries on from its cursor.
 */
import type { Granularity } from "#calls/figures/metrics-snapshot.ts";
import type { Pending } from "#calls/figures/pending.ts";
import { oldestPendingWindow, pendingRollups } from "#calls/figures/pending-rollups.ts";
import {
  compareKeys,
  type GroupLabel,
  groupFigures,
  groupRollups,
  HISTOGRAM_COST_US,
  type RollupGroup,
  type RollupGroupFigures,
} from "#calls/figures/rollup-groups.ts";
import { inSlices, nextTurn } from "#platform/slices.ts";
import {
  findRollupExtent,
  isLookedUp,
  lookUpRollups,
  type RollupFilter,
  STATEMENT_ROWS_MAX,
  scanRollups,
  type WindowRange,
} from "./rollup-windows.ts";

/** Rows that are held at once, a window of the largest org: 10 MB at a KB a histogram. */
const SLICE_ROWS_MAX = 10_000;
/** Rows a request may read: a second or two of D1's one thread, in parts. */
const REQUEST_ROWS_MAX = 60_000;

/** Where a page ended: after a group, or after the whole of a window. */
export interface RollupPosition {
  windowNumber: number;
  key: string;
  isWindowDone: boolean;
}

export interface RollupQuery {
  org: string;
  granularity: Granularity;
  range: WindowRange;
  filter: RollupFilter;
  groupBy: readonly GroupLabel[];
  after: RollupPosition | null;
}

export interface RollupPage {
  groups: RollupGroupFigures[];
  next: RollupPosition | null;
}

export async function findRollupPage(
  db: D1Database,
  query: RollupQuery,
  limit: number,
  pending: Pending,
): Promise<RollupPage> {
  const { org, granularity, filter, after } = query;
  const extent = await findRollupExtent(db, org, granularity, filter);
  const oldestWindow = Math.min(extent.oldestWindow, oldestPendingWindow(pending, query));
  const from = Math.max(query.range.from, oldestWindow);
  const series = Math.max(1, extent.series);
  const areLookedUp = isLookedUp(filter, extent);
  const sliceRowsMax = areLookedUp ? STATEMENT_ROWS_MAX : SLICE_ROWS_MAX;
  const sliceWindowsMax = Math.max(1, Math.floor(sliceRowsMax / series));
  const read = areLookedUp ? lookUpRollups : scanRollups;
  // A short page is not to cost a long one's reading: slices begin at what may fill it, and grow.
  let sliceWindows = Math.ceil((limit + 1) / series);
  const groups: RollupGroupFigures[] = [];
  let to = firstWindowEnd(query);
  let rowsRead = 0;
  while (to > from && groups.length <= limit && rowsRead < REQUEST_ROWS_MAX) {
    const slice = { from: Math.max(from, to - Math.min(sliceWindows, sliceWindowsMax)), to };
    if (rowsRead > 0) await nextTurn();
    const rows = await read(db, query, slice);
    const all = [...rows, ...pendingRollups(pending, query, slice)];
    const wanted = groupRollups(all, query.groupBy).filter((group) => isAfter(group, after));
    // Percentiles cost more than reading: none is made for groups that the page has no room for.
    const answered = wanted.slice(0, limit + 1 - groups.length);
    groups.push(...(await figuresOf(answered)));
    rowsRead += Math.max(rows.length, (slice.to - slice.from) * extent.series);
    to = slice.from;
    sliceWindows *= 2;
  }
  if (groups.length > limit) return fullPage(groups, limit);
  return { groups, next: to > from ? { windowNumber: to, key: "", isWindowDone: true } : null };
}

/** In slices, within a large group and over many small ones. */
async function figuresOf(groups: readonly RollupGroup[]): Promise<RollupGroupFigures[]> {
  const figures: Promise<RollupGroupFigures>[] = [];
  const costUs = ({ rows }: RollupGroup) => rows.length * HISTOGRAM_COST_US;
  await inSlices(groups, costUs, (group) => {
    figures.push(groupFigures(group));
  });
  return Promise.all(figures);
}

/** A cursor comes from outside: it may only narrow the range. */
function firstWindowEnd({ range, after }: RollupQuery): number {
  if (after === null) return range.to;
  return Math.min(range.to, after.isWindowDone ? after.windowNumber : after.windowNumber + 1);
}

function isAfter(group: RollupGroup, after: RollupPosition | null): boolean {
  if (after === null || group.windowNumber < after.windowNumber) return true;
  return group.windowNumber === after.windowNumber && compareKeys(group.key, after.key) > 0;
}

function fullPage(groups: readonly RollupGroupFigures[], limit: number): RollupPage {
  const page = groups.slice(0, limit);
  const { windowNumber, key } = page.at(-1) as RollupGroupFigures;
  return { groups: page, next: { windowNumber, key, isWindowDone: false } };
}
