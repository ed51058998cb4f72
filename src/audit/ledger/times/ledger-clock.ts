/**
 * What the ledger itself has seen of its clock: whatever time a caller hands it, it deletes only by a clock
 * that it knows to be steady. Its ticks are the alarms, and the calls that ask it to delete: while one of
 * these has to wait, alarms come every few minutes, however seldom the cron asks.
 */
import { type ClockState, isNews, observeClock, waitsUntilMs } from "#platform/steady-clock.ts";

interface SeenClock extends ClockState {
  /** A deletion waits for the clock. */
  readonly isAwaited: boolean;
}

function readClock(sql: SqlStorage): SeenClock | null {
  const query = `SELECT newest_ms AS newestMs, steady_since_ms AS steadySinceMs,
    is_settled AS isSettled, is_awaited AS isAwaited FROM clock`;
  const [row] = sql.exec<Record<keyof SeenClock, number>>(query).toArray();
  if (row === undefined) return null;
  const { newestMs, steadySinceMs, isSettled, isAwaited } = row;
  return { newestMs, steadySinceMs, isSettled: isSettled === 1, isAwaited: isAwaited === 1 };
}

/** Looks at the clock. True if what has expired by it may be deleted; else `isAsked` has it looked at again. */
export function maySweep(sql: SqlStorage, nowMs: number, isAsked: boolean): boolean {
  const before = readClock(sql);
  const seen = observeClock(before, nowMs);
  const isAwaited = !seen.isSettled && (isAsked || (before?.isAwaited ?? false));
  if (isNews(before, seen) || before?.isAwaited !== isAwaited)
    writeClock(sql, { ...seen, isAwaited });
  return seen.isSettled;
}

function writeClock(sql: SqlStorage, { isSettled, isAwaited, ...seen }: SeenClock): void {
  sql.exec(
    `INSERT INTO clock (id, newest_ms, steady_since_ms, is_settled, is_awaited)
     VALUES (1, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET newest_ms = excluded.newest_ms,
       steady_since_ms = excluded.steady_since_ms, is_settled = excluded.is_settled,
       is_awaited = excluded.is_awaited`,
    seen.newestMs,
    seen.steadySinceMs,
    isSettled ? 1 : 0,
    isAwaited ? 1 : 0,
  );
}

export function isDeletionAwaited(sql: SqlStorage): boolean {
  return readClock(sql)?.isAwaited ?? false;
}

/** Null where no deletion waits for the clock. */
export function deletionWaitsUntilMs(sql: SqlStorage): number | null {
  const clock = readClock(sql);
  return clock?.isAwaited ? waitsUntilMs(clock) : null;
}
