/**
 * The entries of a time, as an export takes them: from the first to the last that a search by that time finds, and
 * whatever lies between, for only what follows one another can be proven to. Which these are an index tells, as
 * it tells a search.
 */
import type { LogState } from "#audit/ledger/proven/log-state.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import { recordedAt } from "./recorded-times.ts";

/** RFC 3339 with milliseconds, in [from, to): when an event occurred, else was recorded. Null is open. */
export interface EntryTime {
  from: string | null;
  to: string | null;
}

interface Seqs {
  from: number;
  to: number;
}

/**
 * Bundles looked into at either end, some 3 ms each: one whose entries occurred before and after the time, and
 * none in it, says nothing. Behind so many the range ends with a bundle, and holds a few entries more.
 */
const BUNDLES_MAX = 64;

/** Of the log's entries up to `end`. Null where some that may be of the time are pruned. */
export function seqsOfTime(
  sql: SqlStorage,
  { minIndex }: LogState,
  time: EntryTime,
  end: number,
): Seqs | null {
  if (end <= minIndex) return { from: minIndex, to: minIndex };
  // What is pruned was recorded before what is left.
  const mayBePruned = minIndex > 0 && time.from !== null;
  if (mayBePruned && recordedAt(sql, minIndex) >= (time.from ?? "")) return null;
  const whole = { from: minIndex, to: end };
  const first = edge(sql, time, whole, "ASC");
  if (first === null) return { from: end, to: end };
  const last = edge(sql, time, { from: first, to: end }, "DESC");
  return { from: first, to: (last ?? first - 1) + 1 };
}

/** RFC 3339, as `bundles` has it: when the event occurred, else when it was recorded. */
export const ENTRY_TIME_SQL = "coalesce(body ->> 'occurred_at', body ->> 'recorded_at')";

/** The first or the last entry of the time within the range; null if there is none. */
function edge(sql: SqlStorage, time: EntryTime, range: Seqs, order: "ASC" | "DESC"): number | null {
  const [from, to] = [time.from ?? "", time.to ?? "~"];
  const bundles = sql.exec<{ idx: number }>(
    `SELECT idx FROM bundles WHERE time_max >= ? AND time_min < ? AND idx BETWEEN ? AND ?
     ORDER BY idx ${order}`,
    from,
    to,
    Math.floor(range.from / TILE_WIDTH),
    Math.floor((range.to - 1) / TILE_WIDTH),
  );
  let looked = 0;
  for (const { idx } of bundles) {
    const low = Math.max(range.from, idx * TILE_WIDTH);
    const high = Math.min(range.to, (idx + 1) * TILE_WIDTH);
    looked += 1;
    if (looked > BUNDLES_MAX) return order === "ASC" ? low : high - 1;
    const [row] = sql
      .exec<{ seq: number }>(
        `SELECT seq FROM entries WHERE seq >= ? AND seq < ? AND ${ENTRY_TIME_SQL} >= ? AND ${ENTRY_TIME_SQL} < ?
         ORDER BY seq ${order} LIMIT 1`,
        ...[low, high, from, to],
      )
      .toArray();
    if (row !== undefined) return row.seq;
  }
  return null;
}
