/** Callers' calls that wait: read when they are due, and counted in the transaction that deletes their row. */

import { insertStatements, type ReportedCalls } from "#calls/store/insert-statements.ts";
import { findPresentIds } from "#calls/store/present-ids.ts";
import { uuid7TimeMs } from "#formats/uuid7.ts";
import type { ShardedOrg } from "#orgs/store/shard-orgs.ts";
import {
  type CallKeys,
  refuseCallers,
  refuseIf,
  refuseNewer,
  selectNewer,
  selectUnknownCaller,
} from "./pairing-guards.ts";

export interface StoredWaiting {
  id: string;
  receivedMs: number;
  payload: string;
  /** Of its org. */
  prunedBeforeMs: number;
}

/** Parsed, a call takes 1.5 KB, and what is read and not decided is read again. */
const PAGE_CALLS_MIN = 1_000;
const PAGE_ROWS_MAX = 1_024;

/** Oldest first, at least one. One query, and no row where nothing is due: each read asks. */
const SELECT_DUE = `SELECT w.id, w.received_ms AS receivedMs, w.payload,
    o.pruned_before_ms AS prunedBeforeMs
  FROM orgs o CROSS JOIN waiting_calls w ON w.org = o.org AND w.id IN (SELECT id FROM (
    SELECT id, calls, sum(calls) OVER (ORDER BY id) AS total FROM (
      SELECT id, calls FROM waiting_calls
        WHERE org = ?1 AND due_ms <= ?3 AND id > ?4 ORDER BY id LIMIT ${PAGE_ROWS_MAX}))
    WHERE total - calls < ${PAGE_CALLS_MIN})
  WHERE o.org = ?1 AND o.generation = ?2 AND o.state = 'active' ORDER BY w.id`;

/** A page of those behind the id `after`; none of an org that was deleted or moved. */
export async function findDue(
  db: D1Database,
  { org, generation }: ShardedOrg,
  nowMs: number,
  after: string,
): Promise<StoredWaiting[]> {
  const select = db.prepare(SELECT_DUE).bind(org, generation, nowMs, after);
  return (await select.all<StoredWaiting>()).results;
}

const IS_GONE = `EXISTS (SELECT 1 FROM json_each(?2) j WHERE NOT EXISTS (
  SELECT 1 FROM waiting_calls WHERE org = ?1 AND id = j.value))`;
const REFUSE_GONE = refuseIf(IS_GONE);

const DELETE_ROWS = `DELETE FROM waiting_calls WHERE org = ?1 AND id IN (SELECT value FROM json_each(?4))
  AND EXISTS (SELECT 1 FROM orgs
    WHERE org = ?1 AND generation = ?2 AND state = 'active' AND pruned_before_ms <= ?3)`;

/** What the rows' calls were decided by. */
export interface DecidedBy {
  keys: CallKeys;
  knownIds: readonly string[];
  lastSeq: number;
}

/** What was decided of rows: what is counted, and statements that follow from it. */
export interface DecidedRows {
  rows: readonly { id: string }[];
  reports: readonly ReportedCalls[];
  moved: readonly D1PreparedStatement[];
}

/**
 * Counts what was decided of the rows, in one transaction. "contended" where something came that the decision
 * does not know of, where a row was decided by another, or the org's row lets nothing be written.
 */
export async function countWaiting(
  db: D1Database,
  org: ShardedOrg,
  decided: DecidedRows,
  by: DecidedBy,
): Promise<"counted" | "contended"> {
  const { rows, reports, moved } = decided;
  const rowIds = JSON.stringify(rows.map(({ id }) => id));
  const ids = reports.flatMap(({ calls }) => calls.map(({ id }) => id));
  const oldestMs = ids.reduce((oldest, id) => Math.min(oldest, uuid7TimeMs(id)), Infinity);
  const guards = [
    db.prepare(REFUSE_GONE).bind(org.org, rowIds),
    refuseNewer(db, org.org, by.keys, by.lastSeq),
    refuseCallers(db, org.org, by.keys, by.knownIds),
  ];
  const removed = [org.org, org.generation, Math.min(oldestMs, Date.now()), rowIds];
  const remove = db.prepare(DELETE_ROWS).bind(...removed);
  try {
    const results = await db.batch([
      ...guards,
      remove,
      ...insertStatements(db, org, reports, true),
      ...moved,
    ]);
    return results[guards.length]?.meta.changes === rows.length ? "counted" : "contended";
  } catch (error) {
    if (await isOvertaken(db, org.org, rowIds, by)) return "contended";
    const present = await findPresentIds(db, org.org, reports);
    if (present.size === 0) throw error;
    // A posted sample may have been given the very id that the span's would have.
    return countWaiting(db, org, { ...decided, reports: without(reports, present) }, by);
  }
}

async function isOvertaken(
  db: D1Database,
  org: string,
  rowIds: string,
  { keys, knownIds, lastSeq }: DecidedBy,
): Promise<boolean> {
  const results = await db.batch([
    db.prepare(`SELECT 1 WHERE ${IS_GONE}`).bind(org, rowIds),
    selectNewer(db, org, keys, lastSeq),
    selectUnknownCaller(db, org, keys, knownIds),
  ]);
  return results.some((result) => result.results.length > 0);
}

function without(
  reports: readonly ReportedCalls[],
  present: ReadonlySet<string>,
): readonly ReportedCalls[] {
  return reports.map((report) => ({
    ...report,
    calls: report.calls.filter(({ id }) => !present.has(id)),
  }));
}

const SELECT_STANDING = `SELECT coalesce(sum(calls), 0) AS calls, min(received_ms) AS sinceMs
  FROM waiting_calls WHERE org = ?1`;
const SELECT_NOTED = `SELECT late_calls AS lateCalls, late_ms AS lateMs, sampled_ms AS sampledMs
  FROM orgs WHERE org = ?1`;

/** What the org's callers' calls are at: how many wait, and what was noted of the others. */
export interface WaitingState {
  calls: number;
  sinceMs: number | null;
  lateCalls: number;
  /** 0 for never, as of the next. */
  lateMs: number;
  sampledMs: number;
}

export async function findWaitingState(db: D1Database, org: string): Promise<WaitingState> {
  const [waiting, noted] = await db.batch<Partial<WaitingState>>([
    db.prepare(SELECT_STANDING).bind(org),
    db.prepare(SELECT_NOTED).bind(org),
  ]);
  const none = { calls: 0, sinceMs: null, lateCalls: 0, lateMs: 0, sampledMs: 0 };
  return { ...none, ...waiting?.results[0], ...noted?.results[0] };
}
