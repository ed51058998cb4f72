/**
 * Entries that may match a filter, in the order asked, from the index that leaves least to look at: ids by
 * their runs, other columns by an index over (column, seq), what no index knows by the key.
 */

import type { AuditFilter, EntryOrder } from "#audit/entry-filter.ts";
import { ENTRY_COLUMNS, type EntryRow } from "#audit/ledger/proven/checked-entries.ts";
import { type IdColumn, seqsWithId } from "./id-runs.ts";

/** With more actions, merging costs more than looking at every entry. */
const MERGED_ACTIONS_MAX = 256;

const SELECT_ENTRY = `SELECT ${ENTRY_COLUMNS} FROM entries`;

/** Seqs in [low, high). */
export interface SeqRange {
  low: number;
  high: number;
}

export function candidates(
  sql: SqlStorage,
  filter: AuditFilter,
  range: SeqRange,
  order: EntryOrder,
): Iterable<EntryRow> {
  const id = idOf(filter);
  if (id !== null) return entriesOfId(sql, id, range, order);
  const by = (column: string, value: string) => entriesBy(sql, { column, value }, range, order);
  if (filter.actor !== null) return by("actor", filter.actor);
  if (filter.action !== null) return by("action", filter.action);
  const actions = filter.actionPrefix === null ? null : actionsWith(sql, filter.actionPrefix);
  if (actions !== null) {
    const lists = actions.map((action) => by("action", action));
    return merged(lists, order);
  }
  if (filter.outcome !== null && filter.outcome !== "allowed") return by("outcome", filter.outcome);
  if (filter.instance !== null) return by("instance", filter.instance);
  return sql.exec(
    `${SELECT_ENTRY} WHERE seq >= ? AND seq < ? ORDER BY seq ${order}`,
    range.low,
    range.high,
  );
}

interface AskedId {
  column: IdColumn;
  id: string;
}

/** That of a call first: a request or a trace may have many entries. */
function idOf({ invocationId, requestId, traceId }: AuditFilter): AskedId | null {
  if (invocationId !== null) return { column: "invocation_id", id: invocationId };
  if (requestId !== null) return { column: "request_id", id: requestId };
  return traceId === null ? null : { column: "trace_id", id: traceId };
}

function* entriesOfId(
  sql: SqlStorage,
  id: AskedId,
  range: SeqRange,
  order: EntryOrder,
): Generator<EntryRow> {
  for (const seq of seqsWithId(sql, id, range, order)) {
    yield* sql.exec(`${SELECT_ENTRY} WHERE seq = ?`, seq);
  }
}

/** Repeats the condition of a partial index, without which SQLite would not use the index. */
const SPARSE: Record<string, string> = { outcome: " AND outcome <> 'allowed'" };

function entriesBy(
  sql: SqlStorage,
  { column, value }: { column: string; value: string },
  { low, high }: SeqRange,
  order: EntryOrder,
) {
  return sql.exec(
    `${SELECT_ENTRY} INDEXED BY entries_by_${column}
     WHERE ${column} = ?${SPARSE[column] ?? ""} AND seq >= ? AND seq < ? ORDER BY seq ${order}`,
    value,
    low,
    high,
  );
}

/** The distinct actions under a prefix, one index seek each; null when there are too many to merge. */
function actionsWith(sql: SqlStorage, prefix: string): string[] | null {
  const actions: string[] = [];
  let [row] = sql
    .exec("SELECT min(action) AS next FROM entries WHERE action >= ?", prefix)
    .toArray();
  for (;;) {
    const action = row?.["next"];
    if (typeof action !== "string" || !action.startsWith(prefix)) return actions;
    if (actions.length === MERGED_ACTIONS_MAX) return null;
    actions.push(action);
    [row] = sql.exec("SELECT min(action) AS next FROM entries WHERE action > ?", action).toArray();
  }
}

/** Merges lists that are each in that order, reading no further in any than it must. */
function* merged(lists: readonly Iterable<EntryRow>[], order: EntryOrder): Generator<EntryRow> {
  const isEarlier = (row: EntryRow, than: EntryRow) =>
    order === "desc" ? seqOf(row) > seqOf(than) : seqOf(row) < seqOf(than);
  const heads = lists.map((list) => {
    const iterator = list[Symbol.iterator]();
    return { iterator, row: next(iterator) };
  });
  for (;;) {
    let first: (typeof heads)[number] | null = null;
    for (const head of heads) {
      if (head.row !== null && (first?.row == null || isEarlier(head.row, first.row))) first = head;
    }
    if (first?.row == null) return;
    yield first.row;
    first.row = next(first.iterator);
  }
}

function next(iterator: Iterator<EntryRow>): EntryRow | null {
  const { value, done } = iterator.next();
  return done ? null : value;
}

function seqOf(row: EntryRow): number {
  return row["seq"] as number;
}
