/**
 * Searching the log, newest first. An index proposes candidates; each is judged by its bytes, once they are
 * shown to be those that were recorded, and what is returned is proven to stand where it says. A page looks
 * at a bounded number of entries and carries on by its cursor.
 */

import type { LogEntry } from "#audit/audit-log.ts";
import type { AuditFilter } from "#audit/entry-filter.ts";
import { matchesFilter } from "#audit/entry-filter.ts";
import {
  type CheckedEntry,
  checkedEntries,
  ENTRY_COLUMNS,
  type EntryRow,
  hashedEntry,
  storedEntry,
} from "#audit/ledger/proven/checked-entries.ts";
import type { LogState } from "#audit/ledger/proven/log-state.ts";
import { encodeHex } from "#formats/hex.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import { seqsBetween } from "./bundles.ts";
import { type IdColumn, seqsWithId } from "./id-runs.ts";

/** Entries that a page looks at: about 20 µs each. */
const SCANNED_ENTRIES_MAX = 2_000;
/**
 * Tiles that a page proves: entries that lie far apart have one each, of about 1 ms where it was not computed
 * before.
 */
const PROVEN_TILES_MAX = 100;
/** Of entries looked at: a body may have 64 KiB, and an RPC answer 32 MiB. */
const PAGE_CHARACTERS_MAX = 4_000_000;
/** With more actions, merging costs more than looking at every entry. */
const MERGED_ACTIONS_MAX = 256;

export interface EntryPage {
  entries: LogEntry[];
  /** Where the next page begins: entries with a smaller seq. Null at the end. */
  before: number | null;
}

export interface PageBounds {
  before: number | null;
  limit: number;
}

export function searchEntries(
  sql: SqlStorage,
  state: LogState,
  filter: AuditFilter,
  { before, limit }: PageBounds,
): EntryPage {
  const checked = checkedEntries(sql, state);
  const page = new Page(limit);
  for (const row of candidates(sql, filter, seqRange(sql, filter, state, before))) {
    const entry = hashedEntry(storedEntry(row));
    const isFound = matchesFilter(JSON.parse(entry.body), filter);
    if (isFound && page.isComplete) return { entries: page.entries, before: page.before };
    if (isFound) page.add(checked.placed(entry));
    if (page.hasLookedAt(entry)) return { entries: page.entries, before: entry.seq };
  }
  return { entries: page.entries, before: null };
}

/** A page as it fills, within all of its bounds. */
class Page {
  readonly entries: LogEntry[] = [];
  readonly #limit: number;
  readonly #tiles = new Set<number>();
  #scanned = 0;
  #characters = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isComplete(): boolean {
    return this.entries.length === this.#limit;
  }

  get before(): number | null {
    return this.entries.at(-1)?.seq ?? null;
  }

  add(entry: CheckedEntry): void {
    this.entries.push(readable(entry));
    this.#tiles.add(Math.floor(entry.seq / TILE_WIDTH));
  }

  /** Counts an entry that was looked at. True if the page must end there, whatever follows. */
  hasLookedAt({ body }: { body: string }): boolean {
    this.#scanned += 1;
    this.#characters += body.length;
    return (
      this.#scanned === SCANNED_ENTRIES_MAX ||
      this.#characters > PAGE_CHARACTERS_MAX ||
      this.#tiles.size === PROVEN_TILES_MAX
    );
  }
}

export function findEntry(sql: SqlStorage, state: LogState, seq: number): LogEntry | null {
  const entry = checkedEntries(sql, state).find(seq);
  return entry === null ? null : readable(entry);
}

const SELECT_ENTRY = `SELECT ${ENTRY_COLUMNS} FROM entries`;

function readable({ seq, hash, previousHash, body }: CheckedEntry): LogEntry {
  return { seq, hash: encodeHex(hash), previousHash: encodeHex(previousHash), body };
}

interface Seqs {
  low: number;
  high: number;
}

/** The seqs to look at, narrowed by what each bundle spans in time. */
function seqRange(
  sql: SqlStorage,
  { from, to }: AuditFilter,
  { minIndex, treeSize }: LogState,
  before: number | null,
): Seqs {
  const { low, high } = seqsBetween(sql, { from, to });
  return { low: Math.max(low, minIndex), high: Math.min(high, before ?? treeSize, treeSize) };
}

/** Entries that may match, newest first, from the index that leaves least to look at. */
function candidates(sql: SqlStorage, filter: AuditFilter, range: Seqs): Iterable<EntryRow> {
  const by = (column: string, value: string) => entriesBy(sql, column, value, range);
  const { invocationId } = filter;
  if (invocationId !== undefined) return entriesOfId(sql, "invocation_id", invocationId, range);
  if (filter.requestId !== null) return entriesOfId(sql, "request_id", filter.requestId, range);
  if (filter.traceId !== null) return entriesOfId(sql, "trace_id", filter.traceId, range);
  if (filter.actor !== null) return by("actor", filter.actor);
  if (filter.action !== null) return by("action", filter.action);
  const actions = filter.actionPrefix === null ? null : actionsWith(sql, filter.actionPrefix);
  if (actions !== null) return newestFirst(actions.map((action) => by("action", action)));
  if (filter.outcome !== null && filter.outcome !== "allowed") return by("outcome", filter.outcome);
  if (filter.instance !== null) return by("instance", filter.instance);
  return sql.exec(
    `${SELECT_ENTRY} WHERE seq >= ? AND seq < ? ORDER BY seq DESC`,
    range.low,
    range.high,
  );
}

function* entriesOfId(
  sql: SqlStorage,
  column: IdColumn,
  id: string,
  range: Seqs,
): Generator<EntryRow> {
  for (const seq of seqsWithId(sql, { column, id }, range)) {
    yield* sql.exec(`${SELECT_ENTRY} WHERE seq = ?`, seq);
  }
}

/** Repeats the condition of a partial index, without which SQLite would not use the index. */
const SPARSE: Record<string, string> = { outcome: " AND outcome <> 'allowed'" };

function entriesBy(sql: SqlStorage, column: string, value: string, { low, high }: Seqs) {
  return sql.exec(
    `${SELECT_ENTRY} INDEXED BY entries_by_${column}
     WHERE ${column} = ?${SPARSE[column] ?? ""} AND seq >= ? AND seq < ? ORDER BY seq DESC`,
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

/** Merges lists that are each newest first, reading no further in any than it must. */
function* newestFirst(lists: readonly Iterable<EntryRow>[]): Generator<EntryRow> {
  const heads = lists.map((list) => {
    const iterator = list[Symbol.iterator]();
    return { iterator, row: next(iterator) };
  });
  for (;;) {
    let newest: (typeof heads)[number] | null = null;
    for (const head of heads) {
      if (head.row !== null && (newest?.row == null || seqOf(head.row) > seqOf(newest.row)))
        newest = head;
    }
    if (newest?.row == null) return;
    yield newest.row;
    newest.row = next(newest.iterator);
  }
}

function next(iterator: Iterator<EntryRow>): EntryRow | null {
  const { value, done } = iterator.next();
  return done ? null : value;
}

function seqOf(row: EntryRow): number {
  return row["seq"] as number;
}
