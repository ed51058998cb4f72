/**
 * Entries that may match a filter, in the order asked, from what leaves least to look at: ids by their runs,
 * actions, actors, instances and outcomes by their postings, all that are asked for at once, the rest by the key.
 */

import type { AuditFilter, EntryOrder } from "#audit/entry-filter.ts";
import { ENTRY_COLUMNS, type EntryRow } from "#audit/ledger/proven/checked-entries.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import { type IdColumn, type SearchedRange, seqsWithId } from "./id-runs.ts";
import { actionsWith } from "./known-actions.ts";
import { bundlesWith, type WantedValues } from "./posting-runs.ts";
import { COMMON_OUTCOME, hasPlace, type ValueColumn, valueFingerprint } from "./postings.ts";

/** Read by one statement: 2 MB of bodies at most. */
const READ_ENTRIES_MAX = 32;

export function candidates(
  sql: SqlStorage,
  filter: AuditFilter,
  range: SearchedRange,
  order: EntryOrder,
): Iterable<EntryRow> {
  const id = idOf(filter);
  if (id !== null) return entriesAt(sql, seqsWithId(sql, id, range, order));
  const wanted = wantedValues(sql, filter);
  if (wanted.length > 0) return entriesAt(sql, seqsWith(sql, wanted, range, order));
  return sql.exec(
    `SELECT ${ENTRY_COLUMNS} FROM entries WHERE seq >= ? AND seq < ? ORDER BY seq ${order}`,
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

/** A set for each field that is asked for and has postings. */
function wantedValues(
  sql: SqlStorage,
  { action, actionPrefix, actor, instance, outcome }: AuditFilter,
): WantedValues[] {
  const actions = actionPrefix === null ? null : actionsWith(sql, actionPrefix);
  const asked: [ValueColumn, readonly string[] | null][] = [
    ["action", action === null ? null : [action]],
    ["actor", actor === null ? null : [actor]],
    ["outcome", outcome === null || outcome === COMMON_OUTCOME ? null : [outcome]],
    ["instance", instance === null ? null : [instance]],
    // Last, for these may be many.
    ["action", actions],
  ];
  return asked.flatMap(([column, values]) =>
    values === null ? [] : [new Set(values.map((value) => valueFingerprint(column, value)))],
  );
}

function* seqsWith(
  sql: SqlStorage,
  wanted: readonly WantedValues[],
  range: SearchedRange,
  order: EntryOrder,
): Generator<number> {
  for (const { index, places } of bundlesWith(sql, wanted, range, order)) {
    const found = PLACES.filter((place) => places === null || hasPlace(places, place));
    for (const place of order === "asc" ? found : found.reverse()) {
      const seq = index * TILE_WIDTH + place;
      if (seq >= range.low && seq < range.high) yield seq;
    }
  }
}

const PLACES = Array.from({ length: TILE_WIDTH }, (_, place) => place);

/** Those that are there, in the order of `seqs`. */
function* entriesAt(sql: SqlStorage, seqs: Iterable<number>): Generator<EntryRow> {
  let waiting: number[] = [];
  for (const seq of seqs) {
    waiting.push(seq);
    if (waiting.length < READ_ENTRIES_MAX) continue;
    yield* readEntries(sql, waiting);
    waiting = [];
  }
  yield* readEntries(sql, waiting);
}

function readEntries(sql: SqlStorage, seqs: readonly number[]): EntryRow[] {
  if (seqs.length === 0) return [];
  const query = `SELECT ${ENTRY_COLUMNS} FROM json_each(?) CROSS JOIN entries ON seq = value`;
  const rows = new Map<SqlStorageValue, EntryRow>();
  for (const row of sql.exec(query, JSON.stringify(seqs))) rows.set(row["seq"]!, row);
  return seqs.flatMap((seq) => {
    const row = rows.get(seq);
    return row === undefined ? [] : [row];
  });
}
