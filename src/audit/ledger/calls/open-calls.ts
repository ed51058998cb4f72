/** The rows of calls that have not ended: `now` is the object's clock, which may jump. */
import type { OpenCall, ToldWait } from "#audit/calls/open-call.ts";

/** An isolate tells of the calls that it serves each 20 s, and within a second of that. */
export const HEARD_WITHIN_MS = 35_000;
/**
 * A call that a sweep missed is given up after another 25 s: 60 s from when it was last heard of. Not by one
 * look, for the clock may have jumped, or the object have been out of everyone's reach.
 */
const MISSED_MS = 25_000;
/** A sweep that comes so much later than it was to tells nothing of the calls: they are given their time anew. */
const LATE_SWEEP_MS = 30_000;

export function insertOpenCall(sql: SqlStorage, call: OpenCall, nowMs: number): void {
  sql.exec(
    "INSERT INTO open_calls (id, call, due_at_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    call.id,
    JSON.stringify(call),
    nowMs + HEARD_WITHIN_MS,
  );
}

/** The call, which is open no more: null if it was not. */
export function takeOpenCall(sql: SqlStorage, id: string): OpenCall | null {
  const query = "DELETE FROM open_calls WHERE id = ? RETURNING call";
  return callOf(sql.exec<{ call: string }>(query, id).toArray());
}

export function markAlive(sql: SqlStorage, ids: readonly string[], nowMs: number): void {
  sql.exec(
    `UPDATE open_calls SET due_at_ms = ?, missed_at_ms = NULL
     WHERE is_waiting = 0 AND id IN (SELECT value FROM json_each(?))`,
    nowMs + HEARD_WITHIN_MS,
    JSON.stringify(ids),
  );
}

/** Of two calls that wait by one key the later has it: the other one's time runs out. */
export function setWaiting(sql: SqlStorage, { id, key, untilMs }: ToldWait): void {
  sql.exec("UPDATE open_calls SET wait_key = NULL WHERE wait_key = ? AND id <> ?", key, id);
  sql.exec(
    `UPDATE open_calls SET is_waiting = 1, wait_key = ?, due_at_ms = ?, missed_at_ms = NULL
     WHERE id = ?`,
    key,
    untilMs,
    id,
  );
}

/** The first who comes with the key has the call; and again, if its claim is the same. */
export function resumeWaiting(
  sql: SqlStorage,
  { key, claim, nowMs }: { key: string; claim: string; nowMs: number },
): OpenCall | null {
  const rows = sql.exec<{ call: string }>(
    `UPDATE open_calls SET is_waiting = 0, wait_key = ?2, due_at_ms = ?3, missed_at_ms = NULL
     WHERE (wait_key = ?1 AND is_waiting = 1) OR wait_key = ?2 RETURNING call`,
    key,
    claim,
    nowMs + HEARD_WITHIN_MS,
  );
  return callOf(rows.toArray());
}

/** Those of the keys by which a call waits: it goes on waiting. */
export function waitingKeysOf(sql: SqlStorage, keys: readonly string[]): string[] {
  const query = `SELECT wait_key AS key FROM open_calls
    WHERE is_waiting = 1 AND wait_key IN (SELECT value FROM json_each(?))`;
  const rows = sql.exec<{ key: string }>(query, JSON.stringify(keys)).toArray();
  return rows.map(({ key }) => key);
}

function callOf([row]: { call: string }[]): OpenCall | null {
  return row === undefined ? null : JSON.parse(row.call);
}

export interface GivenUpCall {
  id: string;
  isWaiting: boolean;
  /** When it was last heard of, or its wait was over. */
  endedAtMs: number;
}

/** Notes which calls are missed now, and tells which have been for long enough. */
export function sweepOpenCalls(sql: SqlStorage, nowMs: number): GivenUpCall[] {
  // A time that is further ahead than any that is given now was given by a clock that was ahead.
  sql.exec(
    "UPDATE open_calls SET due_at_ms = ?1 WHERE is_waiting = 0 AND due_at_ms > ?1",
    nowMs + HEARD_WITHIN_MS,
  );
  const lateMs = MISSED_MS + LATE_SWEEP_MS;
  const rows = sql.exec<{ id: string; isWaiting: number; dueAtMs: number }>(
    `SELECT id, is_waiting AS isWaiting, due_at_ms AS dueAtMs FROM open_calls
     WHERE missed_at_ms <= ?1 - ${MISSED_MS} AND missed_at_ms > ?1 - ${lateMs} LIMIT ${SWEPT_MAX}`,
    nowMs,
  );
  const givenUp = rows.toArray().map(({ id, isWaiting, dueAtMs }) => ({
    id,
    isWaiting: isWaiting === 1,
    endedAtMs: isWaiting === 1 ? dueAtMs : dueAtMs - HEARD_WITHIN_MS,
  }));
  sql.exec(
    `UPDATE open_calls SET missed_at_ms = ?1 WHERE due_at_ms <= ?1
     AND (missed_at_ms IS NULL OR missed_at_ms <= ?1 - ${lateMs} OR missed_at_ms > ?1)`,
    nowMs,
  );
  return givenUp;
}

/** An entry and a sample each, in one transaction: some 10 ms. */
const SWEPT_MAX = 256;

/** When a sweep is due next; null where no call is open. */
export function nextSweepAt(sql: SqlStorage): number | null {
  const query = `SELECT min(coalesce(missed_at_ms + ${MISSED_MS}, due_at_ms)) AS atMs FROM open_calls`;
  return sql.exec<{ atMs: number | null }>(query).one().atMs;
}
