/**
 * For how many days entries are kept, by range: as long as was in force when they were written, or at any
 * time since. Each range is made of an entry that tells of a change, in the transaction that appends it:
 * what is promised stands in the log, and no setting that is lowered elsewhere takes it back.
 *
 * A raise holds for all that is there and a reduction for what comes after, so days fall from range to range.
 */
import { type AppendedEvent, detailsOf } from "#audit/audit-event.ts";
import type { RetentionRange } from "#audit/audit-log.ts";
import { promisedDays, retentionChangeOf } from "#formats/ledger/retention-change.ts";
import { formatTimestamp, parseTimestampMs } from "#formats/rfc3339.ts";
import { DAY_MS } from "#platform/time.ts";

/** Called before the log's row takes the entry: no range may begin among entries that the log has. */
export function recordRetention(sql: SqlStorage, seq: number, event: AppendedEvent): void {
  const isOwn = event.instance_id === null;
  const change = isOwn ? retentionChangeOf(event.action, detailsOf(event)) : null;
  if (change === null) return;
  promiseToAll(sql, promisedDays(change));
  // The entry that tells of a reduction stays as long as those before it.
  sql.exec(
    "INSERT INTO retention_ranges SELECT ?1, ?2 WHERE ?2 < (SELECT min(days) FROM retention_ranges)",
    seq + 1,
    change.toDays,
  );
}

/** What was announced to leave and is still there has the longer promise too: it is announced anew. */
function promiseToAll(sql: SqlStorage, days: number): void {
  const raise = "UPDATE retention_ranges SET days = ?1 WHERE days < ?1";
  const begin =
    "INSERT INTO retention_ranges SELECT 0, ?1 WHERE NOT EXISTS (SELECT 1 FROM retention_ranges)";
  const written = [raise, begin].map((query) => sql.exec(query, days).rowsWritten);
  if (written.every((rows) => rows === 0)) return;
  sql.exec(`DELETE FROM retention_ranges WHERE EXISTS (SELECT 1 FROM retention_ranges AS earlier
    WHERE earlier.from_seq < retention_ranges.from_seq AND earlier.days = retention_ranges.days)`);
  sql.exec("UPDATE log SET prune_to = NULL, prune_entry = NULL WHERE prune_to IS NOT NULL");
}

const SELECT_RANGES = "SELECT from_seq AS fromSeq, days FROM retention_ranges";

export function findRetentionRanges(sql: SqlStorage): RetentionRange[] {
  return sql.exec(`${SELECT_RANGES} ORDER BY from_seq`).toArray() as unknown as RetentionRange[];
}

/** What is promised to the entry; 0 where no entry told of retention yet. */
export function daysPromisedTo(sql: SqlStorage, seq: number): number {
  const query = `${SELECT_RANGES} WHERE from_seq <= ? ORDER BY from_seq DESC LIMIT 1`;
  const [row] = sql.exec(query, seq).toArray();
  return (row?.["days"] as number | undefined) ?? 0;
}

/** Entries of [from, end) are all promised the same. */
export interface PromisedPart {
  from: number;
  end: number;
  days: number;
}

/** The seqs from `from` to `end`, cut where promises change. */
export function promisedParts(sql: SqlStorage, from: number, end: number): PromisedPart[] {
  const later = findRetentionRanges(sql).filter(({ fromSeq }) => fromSeq > from && fromSeq < end);
  const starts = [{ fromSeq: from, days: daysPromisedTo(sql, from) }, ...later];
  return starts.map(({ fromSeq, days }, at) => {
    return { from: fromSeq, end: starts[at + 1]?.fromSeq ?? end, days };
  });
}

/** A time that lies `daysInForce` back, put back further for what is promised more. */
export function putBack(
  time: string,
  { daysInForce, days }: { daysInForce: number; days: number },
): string {
  const timeMs = days > daysInForce ? parseTimestampMs(time) : undefined;
  return timeMs === undefined ? time : formatTimestamp(timeMs - (days - daysInForce) * DAY_MS);
}
