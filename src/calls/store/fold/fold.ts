/**
 * The fold: takes the oldest arrivals of an org, adds what they hold to totals, hours, days, activity and
 * instances, and deletes them, in one transaction. Nothing is counted anywhere else.
 *
 * The sums are made here, between a read and that transaction; the transaction is conditional on the
 * org's fold number (compare-and-set), so what was read is still true when it is written. A fold that
 * dies leaves its arrivals; a fold whose answer is lost finds them gone.
 */
import { arrivalKey } from "#calls/arrival.ts";
import { FoldDelta } from "#calls/fold-delta.ts";
import { markOnce } from "#calls/store/counted-marks.ts";
import { SEEN_AHEAD_MS_MAX } from "#calls/store/far-times.ts";
import type { ShardOrg } from "#orgs/store/shard-orgs.ts";
import { jsonParameters } from "#platform/d1/json-parameter.ts";
import {
  type Backlog,
  foldThroughOf,
  isUnderWay,
  type ParsedArrivalRow,
  readBacklog,
} from "./backlog.ts";
import { activityStatements, raiseActivityFrom } from "./fold-activity.ts";
import { isChunk, TALLIES_MAX } from "./fold-bounds.ts";
import { resolveInstances } from "./fold-instances.ts";
import { lagStatements } from "./fold-lag.ts";
import { markStatements } from "./fold-marks.ts";
import { findPlugins, insertPlugins, NO_PLUGINS, numberPlugins } from "./fold-plugins.ts";
import { appendSeriesRows, type FoldRows } from "./fold-rows.ts";
import { type FoldedOrg, type ResolvedSeries, resolveSeries } from "./fold-series.ts";
import {
  ADVANCE_FOLD,
  DELETE_ARRIVALS,
  UPSERT_DAILY,
  UPSERT_HOURLY,
  UPSERT_INSTANCES,
  UPSERT_SERIES,
} from "./fold-statements.ts";
import { type FoldGuard, oldestThatFit, regroupStatements } from "./regroup.ts";
import { withoutUnknown } from "./unknown-tools.ts";

/** Arrivals that name each series this often are regrouped first: rewriting costs a third of a fold. */
const OVERLAP_MIN = 1.5;

/**
 * "last": of what was read nothing is left. "folded": there is more. "empty": there was nothing to fold. "contended":
 * another fold was faster; there may be more.
 */
export type FoldResult = "last" | "folded" | "contended" | "empty";

/** Folds one bounded chunk. */
export async function foldOnce(db: D1Database, org: FoldedOrg, nowMs: number): Promise<FoldResult> {
  const backlog = await readBacklog(db, org);
  return backlog === null ? "empty" : foldBacklog(db, org, backlog, nowMs);
}

/** The same of what was read of it. */
export async function foldBacklog(
  db: D1Database,
  org: FoldedOrg,
  backlog: Backlog,
  nowMs: number,
): Promise<Exclude<FoldResult, "empty">> {
  const { statements, hasMarks, foldedTo } = await nextFold(db, org, backlog, nowMs);
  const results = await db.batch(statements);
  if (results.at(-1)?.meta.changes !== 1) return "contended";
  // What is left of them a later fold's, or whoever asks for these samples, takes on.
  if (hasMarks) await markOnce(db, org.org);
  return foldedTo === backlog.lastId ? "last" : "folded";
}

interface NextFold {
  statements: D1PreparedStatement[];
  /** The last arrival that they count; null where they count none. */
  foldedTo: string | null;
  /** It writes down samples that are counted under another name than their own. */
  hasMarks: boolean;
}

/** The statements that fold all that was read, or regroup it, or fold its oldest part. */
async function nextFold(
  db: D1Database,
  org: FoldedOrg,
  backlog: Backlog,
  nowMs: number,
): Promise<NextFold> {
  const { shardOrg, arrived } = backlog;
  const together = isUnderWay(backlog) ? worthRegrouping(arrived) : null;
  const guard = [org.org, org.generation, shardOrg.folds] as const;
  const advanceTo = (foldedTo: string | null, seriesNext: number, seenUntilMs: number) => {
    const through = foldThroughOf(backlog, foldedTo);
    return db.prepare(ADVANCE_FOLD).bind(...guard, seriesNext, seenUntilMs, through);
  };
  if (together !== null) {
    const regrouped = await regroupStatements(db, guard, together, TALLIES_MAX);
    const statements = [...regrouped, advanceTo(null, shardOrg.seriesNext, 0)];
    return { statements, hasMarks: false, foldedTo: null };
  }
  const { delta, taken } = sumOldest(arrived, shardOrg, nowMs);
  const { statements, hasMarks, seriesNext } = await foldStatements(db, org, guard, {
    ...{ shardOrg, delta, taken, nowMs },
  });
  const foldedTo = taken.at(-1)!.id;
  return {
    statements: [...statements, advanceTo(foldedTo, seriesNext, nowMs)],
    hasMarks,
    foldedTo,
  };
}

/**
 * The oldest arrivals, where they name more series than a chunk takes, and each again and again; else null. Not before a
 * fold is under way: what may be in answers already is counted first (count-for-read.ts).
 */
function worthRegrouping(arrived: readonly ParsedArrivalRow[]): readonly ParsedArrivalRow[] | null {
  // Before any key is made: most folds are smaller.
  if (arrived.reduce((sum, { arrival }) => sum + arrival[4].length, 0) <= TALLIES_MAX) return null;
  const together = oldestThatFit(arrived);
  const names = together.flatMap(({ arrival }) => arrival[4].map(arrivalKey));
  const series = new Set(names).size;
  return series > TALLIES_MAX && names.length > OVERLAP_MIN * series ? together : null;
}

/** Folds chunk after chunk until nothing is left or `isOver` says so. True when nothing is left. */
export async function foldAll(
  db: D1Database,
  org: FoldedOrg,
  now: () => number,
  isOver: () => boolean,
): Promise<boolean> {
  for (;;) {
    if ((await foldOnce(db, org, now())) === "empty") return true;
    if (isOver()) return false;
  }
}

/** Sums the oldest arrivals, at least one, until what they touch is a chunk. */
function sumOldest(arrived: readonly ParsedArrivalRow[], { seriesNext }: ShardOrg, nowMs: number) {
  const delta = new FoldDelta(nowMs);
  const taken: ParsedArrivalRow[] = [];
  for (const row of arrived) {
    if (isChunk(delta, seriesNext)) break;
    delta.add(row.arrival, row.receivedMs);
    taken.push(row);
  }
  return { delta, taken };
}

interface SummedArrivals {
  shardOrg: ShardOrg;
  delta: FoldDelta;
  taken: readonly ParsedArrivalRow[];
  nowMs: number;
}

/** All but the last statement. */
async function foldStatements(
  db: D1Database,
  org: FoldedOrg,
  guard: FoldGuard,
  { shardOrg, delta, taken, nowMs }: SummedArrivals,
): Promise<Omit<NextFold, "foldedTo"> & { seriesNext: number }> {
  const names = [...delta.series.values()].map(({ name }) => name);
  const [resolved, instances, foundPlugins] = await Promise.all([
    resolveCounted(db, org, shardOrg.seriesNext, delta, nowMs),
    resolveInstances(db, org.org, delta.instances, nowMs),
    names.length === 0 ? NO_PLUGINS : findPlugins(db, org.org, names),
  ]);
  const lags = await lagStatements(db, guard, instances.counted);
  const marks = await markStatements(db, guard, taken, resolved.deltas.values(), nowMs);
  const counted = [...resolved.deltas.values()].map(({ name }) => name);
  const plugins = numberPlugins(foundPlugins, counted);
  const activity = await activityStatements(db, guard, resolved.deltas, plugins);
  const rows: FoldRows = { series: [], hourly: [], daily: [] };
  for (const [series, seriesDelta] of inKeyOrder(resolved.deltas))
    appendSeriesRows(rows, series, seriesDelta);
  const upserts = (sql: string, values: readonly string[], ...more: readonly number[]) =>
    jsonParameters(values).map((parameter) => db.prepare(sql).bind(...guard, parameter, ...more));
  const seenUntilMs = nowMs + SEEN_AHEAD_MS_MAX;
  const statements = [
    ...upserts(UPSERT_SERIES, rows.series, seenUntilMs),
    ...upserts(UPSERT_HOURLY, rows.hourly),
    ...upserts(UPSERT_DAILY, rows.daily),
    ...upserts(UPSERT_INSTANCES, instances.rows, seenUntilMs),
    ...lags,
    ...marks,
    ...insertPlugins(db, guard, plugins),
    ...activity,
    ...raiseActivityFrom(db, guard, delta.activityFromMs),
    db.prepare(DELETE_ARRIVALS).bind(...guard, JSON.stringify(taken.map(({ id }) => id))),
  ];
  return { statements, hasMarks: marks.length > 0, seriesNext: resolved.seriesNext };
}

async function resolveCounted(
  db: D1Database,
  org: FoldedOrg,
  seriesNext: number,
  delta: FoldDelta,
  nowMs: number,
): Promise<ResolvedSeries> {
  const counted = await withoutUnknown(db, org.org, [...delta.series.values()]);
  return resolveSeries(db, org, seriesNext, counted, nowMs);
}

/** Neighbours share a page, and SQLite's page cache holds a fraction of a large org's rows. */
function inKeyOrder<Value>(map: ReadonlyMap<number, Value>): [number, Value][] {
  return [...map].sort(([a], [b]) => a - b);
}
