/**
 * Times of record never fall, but directly at an entry `ledger.clock_corrected`. So the log is a row of
 * segments: one up to each such entry, and one to the end. Within each a binary search holds.
 *
 * An entry's age is told by its own time, as long as that has come. A time that is yet to come was given by a
 * clock that was ahead: then the correction behind it is the latest time at which it can have been recorded.
 * Where there is none, nobody has said so, and the entry stays.
 */
import { IS_OWN_ACTION } from "#audit/ledger/sketches/sketch-migrations.ts";
import { LEDGER_ACTIONS } from "#formats/ledger/entry.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { MINUTE_MS } from "#platform/time.ts";

/** The last entry's time, by which the next one's is held: nothing but a correction makes times fall. */
export function notBefore(last: string, now: string): string {
  return now < last ? last : now;
}

/** Clocks of two machines differ by less. */
const AHEAD_MS = MINUTE_MS;

/** The time, if it is yet to come: a clock that was ahead has given it. Else null. */
export function aheadUntil(time: string, nowMs: number): string | null {
  return time > formatTimestamp(nowMs + AHEAD_MS) ? time : null;
}

interface CorrectedAt {
  seq: number;
  recordedAt: string;
}

/** The first correction at or behind that place. */
function correctionSince(sql: SqlStorage, seq: number): CorrectedAt | null {
  const [row] = sql
    .exec(
      `SELECT seq, recorded_at AS recordedAt FROM entries
       WHERE action = ? AND ${IS_OWN_ACTION} AND seq >= ? ORDER BY seq LIMIT 1`,
      LEDGER_ACTIONS.clockCorrected,
      seq,
    )
    .toArray();
  return (row as CorrectedAt | undefined) ?? null;
}

export function recordedAt(sql: SqlStorage, seq: number): string {
  const query = "SELECT recorded_at FROM entries WHERE seq = ?";
  return sql.exec<{ recorded_at: string }>(query, seq).one().recorded_at;
}

/** The first entry of [from, end) that has not expired, else `end`. */
export function firstUnexpired(
  sql: SqlStorage,
  part: { from: number; end: number },
  { expiredBefore, now }: { expiredBefore: string; now: string },
): number {
  for (let start = part.from; start < part.end; ) {
    const correction = correctionSince(sql, start + 1);
    const end = Math.min(correction?.seq ?? part.end, part.end);
    const first = firstSince(sql, { start, end }, expiredBefore);
    if (first < end) {
      const isAhead = recordedAt(sql, first) > now;
      const hasExpired = isAhead && correction !== null && correction.recordedAt < expiredBefore;
      if (!hasExpired) return first;
    }
    start = end;
  }
  return part.end;
}

function firstSince(
  sql: SqlStorage,
  { start, end }: { start: number; end: number },
  time: string,
): number {
  let low = start;
  let high = end;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (recordedAt(sql, middle) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

export interface OldestEntry {
  seq: number;
  recordedAt: string;
  /** By when it was recorded at the latest: its own time, or an earlier one by which that was corrected. */
  latestAt: string;
}

/** The oldest entry that pruning may start with, before the place `end`: one that is not the ledger's own. */
export function oldestEntry(sql: SqlStorage, end = Number.MAX_SAFE_INTEGER): OldestEntry | null {
  const [row] = sql
    .exec(
      `SELECT seq, recorded_at AS recordedAt FROM entries
       WHERE seq >= (SELECT min_index FROM log) AND seq < ? AND action NOT GLOB 'ledger.*'
       ORDER BY seq LIMIT 1`,
      end,
    )
    .toArray();
  const oldest = row as CorrectedAt | undefined;
  if (oldest === undefined) return null;
  const { seq, recordedAt } = oldest;
  const correctedAt = correctionSince(sql, seq + 1)?.recordedAt ?? recordedAt;
  return {
    seq,
    recordedAt,
    latestAt: notBefore(correctedAt, recordedAt) === recordedAt ? correctedAt : recordedAt,
  };
}
