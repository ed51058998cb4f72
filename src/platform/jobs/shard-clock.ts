/** What the cron has seen of its clock on a shard (migrations/shard/0006). */
import { type ClockState, isNews, observeClock } from "#platform/steady-clock.ts";

interface ClockRow {
  newestMs: number;
  steadySinceMs: number;
  isSettled: 0 | 1;
}

const SELECT = `SELECT newest_ms AS newestMs, steady_since_ms AS steadySinceMs,
  is_settled AS isSettled FROM clock`;

export function selectShardClock(db: D1Database): D1PreparedStatement {
  return db.prepare(SELECT);
}

/** `rows` are those of `selectShardClock`; null before the shard's first tick. */
export function shardClockOf([row]: readonly unknown[]): ClockState | null {
  const seen = row as ClockRow | undefined;
  return seen === undefined ? null : { ...seen, isSettled: seen.isSettled === 1 };
}

export async function findShardClock(db: D1Database): Promise<ClockState | null> {
  const { results } = await selectShardClock(db).all();
  return shardClockOf(results);
}

/** The row as it was is part of the condition: of two ticks at once, the later one looks again. */
const STORE = `INSERT INTO clock (id, newest_ms, steady_since_ms, is_settled) VALUES (1, ?1, ?2, ?3)
  ON CONFLICT (id) DO UPDATE SET newest_ms = ?1, steady_since_ms = ?2, is_settled = ?3
    WHERE newest_ms IS ?4 AND steady_since_ms IS ?5 AND is_settled IS ?6`;

const TRIES_MAX = 4;

/** Has the shard see the clock, and returns what it makes of it. */
export async function observeShardClock(db: D1Database, nowMs: number): Promise<ClockState> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const before = await findShardClock(db);
    const after = observeClock(before, nowMs);
    if (!isNews(before, after)) return after;
    const { meta } = await db
      .prepare(STORE)
      .bind(...valuesOf(after), ...(before === null ? [null, null, null] : valuesOf(before)))
      .run();
    if (meta.changes > 0) return after;
  }
  throw new Error("Cannot observe the clock: other ticks come in between");
}

function valuesOf({ newestMs, steadySinceMs, isSettled }: ClockState): number[] {
  return [newestMs, steadySinceMs, isSettled ? 1 : 0];
}
