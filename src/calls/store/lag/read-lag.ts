/**
 * Reads lag: the minutes that the fold wrote and those of what is not folded yet, or the samples themselves where there
 * are none.
 */
import type { CallFilter } from "#calls/call-filter.ts";
import type { Pending } from "#calls/figures/pending.ts";
import type { LagRange } from "#calls/lag/lag-range.ts";
import { LagSeries } from "#calls/lag/lag-series.ts";
import { LagTally, minuteOf, type StoredLag } from "#calls/lag/lag-tally.ts";
import { SCAN_ROWS_MAX } from "#calls/store/find-calls.ts";
import { behindMsAt, idsOfTimes, timeOfId } from "#calls/store/id-skews.ts";
import { sampleConditions } from "#calls/store/sample-conditions.ts";
import { findWaitingSince } from "#calls/store/waiting-since.ts";
import { BoundValues } from "#platform/d1/bound-values.ts";
import { HOUR_MS, MINUTE_MS } from "#platform/time.ts";

/** As long as minutes are kept. */
export const LAG_KEPT_MS = 48 * HOUR_MS;
/** Of stored minutes, newest first: what an answer reads, some 60 ms to parse. 1,000 instances take 0.1 MB a minute. */
const STORED_BYTES_MAX = 8_000_000;

export interface LagAnswer {
  series: LagSeries;
  source: "minutes" | "samples";
  countedUntilMs: number;
  /** Calls that began before it are not counted; null where all are. */
  scannedToMs: number | null;
}

/** Of `orgs`: since when minutes are whole; and when the oldest report arrived that is not counted. */
const SELECT_STATE = `SELECT lag_from_ms AS lagFromMs,
    (SELECT min(received_ms) FROM (
      SELECT * FROM (SELECT received_ms FROM arrivals WHERE org = ?1 AND id > ?2 ORDER BY id LIMIT 1)
      UNION ALL
      SELECT * FROM (SELECT received_ms FROM waiting_calls WHERE org = ?1 ORDER BY id LIMIT 1))) AS oldestMs
  FROM orgs WHERE org = ?1`;

interface LagState {
  lagFromMs: number;
  oldestMs: number | null;
}

/** `bytes` is asked of a blob's header alone: what is over the bound is not read. */
const SELECT_MINUTES = `SELECT minute, json(instances) AS instances FROM lag_minutes
  WHERE org = ?1 AND minute IN (
    SELECT minute FROM (
      SELECT minute, sum(octet_length(instances)) OVER (ORDER BY minute DESC) AS total
      FROM lag_minutes WHERE org = ?1 AND minute >= ?2 AND minute < ?3)
    WHERE total <= ${STORED_BYTES_MAX})
  ORDER BY minute`;

const COUNT_MINUTES =
  "SELECT count(*) AS n FROM lag_minutes WHERE org = ?1 AND minute >= ?2 AND minute < ?3";

interface MinuteRow {
  minute: number;
  instances: string;
}

/** `filter` has no times: they are the range's. Of stored minutes one snapshot. */
export async function readLag(
  db: D1Database,
  org: string,
  range: LagRange,
  filter: CallFilter,
  nowMs: number,
  pending: Pending,
): Promise<LagAnswer> {
  const [from, to] = [minuteOf(range.fromMs), minuteOf(range.toMs)];
  const { instance, ...others } = filter;
  const isOfAll = Object.values(others).every((value) => value === undefined);
  if (!isOfAll || range.fromMs < nowMs - LAG_KEPT_MS) return scanLag(db, org, range, filter, nowMs);
  const stored = await readMinutes(db, org, { from, to }, pending.lastId);
  if (range.fromMs < stored.lagFromMs) return scanLag(db, org, range, filter, nowMs);
  const series = new LagSeries(range);
  for (const row of stored.minutes) addMinute(series, row, instance);
  const oldest = stored.minutes[0]?.minute ?? to;
  addPending(series, pending, { from: stored.isWhole ? from : oldest, to }, instance);
  return {
    series,
    source: "minutes",
    countedUntilMs: stored.oldestMs ?? nowMs,
    scannedToMs: stored.isWhole ? null : oldest * MINUTE_MS,
  };
}

interface StoredMinutes extends LagState {
  minutes: readonly MinuteRow[];
  isWhole: boolean;
}

/** Minutes since the epoch, from `from` up to before `to`. */
interface MinuteRange {
  from: number;
  to: number;
}

async function readMinutes(
  db: D1Database,
  org: string,
  { from, to }: MinuteRange,
  lastPendingId: string,
): Promise<StoredMinutes> {
  const results = await db.batch<unknown>([
    db.prepare(SELECT_STATE).bind(org, lastPendingId),
    db.prepare(SELECT_MINUTES).bind(org, from, to),
    db.prepare(COUNT_MINUTES).bind(org, from, to),
  ]);
  const [states, minutes, counts] = results.map((result) => result.results) as [
    LagState[],
    MinuteRow[],
    { n: number }[],
  ];
  const state = states[0] ?? { lagFromMs: 0, oldestMs: null };
  return { ...state, minutes, isWhole: counts[0]?.n === minutes.length };
}

function addMinute(series: LagSeries, row: MinuteRow, wanted: string | undefined): void {
  for (const [instance, lag] of Object.entries(parsedMinute(row))) {
    if (wanted !== undefined && instance !== wanted) continue;
    series.at(instance, row.minute * MINUTE_MS).addStored(lag);
  }
}

function addPending(
  series: LagSeries,
  { instances }: Pending,
  { from, to }: MinuteRange,
  wanted: string | undefined,
): void {
  for (const [instance, { delta }] of instances) {
    if (wanted !== undefined && instance !== wanted) continue;
    for (const [minute, tally] of delta.lagMinutes) {
      if (minute >= from && minute < to) series.at(instance, minute * MINUTE_MS).merge(tally);
    }
  }
}

function parsedMinute({ instances }: MinuteRow): Record<string, StoredLag> {
  return JSON.parse(instances) as Record<string, StoredLag>;
}

interface ScannedRow {
  instance: string | null;
  step: number;
  looked: number;
  lags: string;
  scannedToMs: number;
}

/** The newest samples of the range, as many as a page of them looks at. */
async function scanLag(
  db: D1Database,
  org: string,
  range: LagRange,
  filter: CallFilter,
  nowMs: number,
): Promise<LagAnswer> {
  const values = new BoundValues();
  const orgPlace = values.text(org);
  // Before the samples: what is said to be counted by then is among them.
  const [waitingSinceMs, prunedMs] = await Promise.all([
    findWaitingSince(db, org),
    findPrunedBefore(db, org),
  ]);
  const fromMs = Math.min(range.toMs, Math.max(range.fromMs, prunedMs));
  const timed = { ...filter, fromMs, toMs: range.toMs };
  const keys = [`org = ${orgPlace}`, ...idsOfTimes(values, orgPlace, timed)].join(" AND ");
  const oldest = timeOfId("oldest");
  const step = `(started_at_ms - ${values.integer(range.fromMs)}) / ${values.integer(range.stepMs)}`;
  const sql = `SELECT instance, step, looked, lags,
      (SELECT ${oldest} + 1 + ${behindMsAt(orgPlace, oldest)}) AS scannedToMs
    FROM (SELECT iif(isWanted, instance, NULL) AS instance, iif(isWanted, ${step}, 0) AS step,
        count(*) AS looked, min(min(id)) OVER () AS oldest,
        json_group_array((ingested_at_ms - started_at_ms) * 1000 - duration_us) FILTER (WHERE isWanted) AS lags
      FROM (SELECT *, ${sampleConditions(values, timed)} AS isWanted
        FROM (SELECT * FROM tool_invocations WHERE ${keys} ORDER BY id DESC LIMIT ${SCAN_ROWS_MAX}))
      GROUP BY 1, 2)`;
  const { results } = await values.bindTo(db.prepare(sql)).all<ScannedRow>();
  const series = new LagSeries(range);
  for (const row of results) addScanned(series, range, row);
  const looked = results.reduce((sum, row) => sum + row.looked, 0);
  const keptFromMs = fromMs > range.fromMs ? fromMs : null;
  const scannedToMs = looked < SCAN_ROWS_MAX ? keptFromMs : (results[0]?.scannedToMs ?? null);
  const countedUntilMs = waitingSinceMs ?? nowMs;
  return { series, source: "samples", countedUntilMs, scannedToMs };
}

/** Samples of before are gone, which is not the same as none. */
async function findPrunedBefore(db: D1Database, org: string): Promise<number> {
  const sql = "SELECT pruned_before_ms AS prunedBeforeMs FROM orgs WHERE org = ?1";
  return (await db.prepare(sql).bind(org).first<number>("prunedBeforeMs")) ?? 0;
}

function addScanned(
  series: LagSeries,
  range: LagRange,
  { instance, step, lags }: ScannedRow,
): void {
  if (instance === null) return;
  const tally = series.at(instance, range.fromMs + step * range.stepMs);
  for (const lagUs of JSON.parse(lags) as number[]) tally.addLagUs(lagUs);
}

/** Of the calls that began in the last hour, by instance. */
export async function readRecentLag(
  db: D1Database,
  org: string,
  nowMs: number,
  { instances }: Pending,
): Promise<Map<string, LagTally>> {
  const [from, to] = [minuteOf(nowMs - HOUR_MS), minuteOf(nowMs) + HOUR_MS / MINUTE_MS];
  const { results } = await db.prepare(SELECT_MINUTES).bind(org, from, to).all<MinuteRow>();
  const recent = new Map<string, LagTally>();
  for (const [instance, { delta }] of instances) {
    for (const [minute, tally] of delta.lagMinutes) {
      if (minute >= from && minute < to) tallyOf(recent, instance).merge(tally);
    }
  }
  for (const row of results) {
    for (const [instance, lag] of Object.entries(parsedMinute(row))) {
      tallyOf(recent, instance).addStored(lag);
    }
  }
  return recent;
}

function tallyOf(tallies: Map<string, LagTally>, instance: string): LagTally {
  const tally = tallies.get(instance) ?? new LagTally();
  tallies.set(instance, tally);
  return tally;
}

/** Minutes go by the day, as many as there are: one a minute at most. */
const PRUNE_LAG = `DELETE FROM lag_minutes WHERE org = ?1 AND minute IN
  (SELECT minute FROM lag_minutes WHERE org = ?1 AND minute < ?2 ORDER BY minute LIMIT ?3)`;

/** True when nothing is left to prune. */
export async function pruneLagOnce(
  db: D1Database,
  org: string,
  nowMs: number,
  rowsMax: number,
): Promise<boolean> {
  const before = minuteOf(nowMs - LAG_KEPT_MS);
  const { meta } = await db.prepare(PRUNE_LAG).bind(org, before, rowsMax).run();
  return meta.changes < rowsMax;
}
