/**
 * Searching the log, in either order. An index proposes candidates (candidates.ts); each is judged by its
 * bytes, once they are shown to be those that were recorded, and what is returned is proven to stand where it
 * says. A page looks at a bounded number of entries and carries on by its cursor; it ends before an entry that
 * cannot be proven.
 */

import type { LogEntry } from "#audit/audit-log.ts";
import type { AuditFilter, EntryOrder } from "#audit/entry-filter.ts";
import { matchesFilter } from "#audit/entry-filter.ts";
import {
  type CheckedEntries,
  type CheckedEntry,
  checkedEntries,
  type EntryRow,
  hashedEntry,
  storedEntry,
} from "#audit/ledger/proven/checked-entries.ts";
import { type CutAnswer, LogContradiction } from "#audit/ledger/proven/contradiction.ts";
import type { LogState } from "#audit/ledger/proven/log-state.ts";
import { candidates } from "#audit/ledger/sketches/candidates.ts";
import type { SearchedRange } from "#audit/ledger/sketches/id-runs.ts";
import { encodeHex } from "#formats/hex.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import { seqsBetween } from "./bundles.ts";

/** Entries that a page looks at: about 20 µs each. */
const SCANNED_ENTRIES_MAX = 2_000;
/**
 * Tiles that a page proves: entries that lie far apart have one each, of about 1 ms where it was not computed
 * before.
 */
const PROVEN_TILES_MAX = 100;
/** Of entries looked at: a body may have 64 KiB, and an RPC answer 32 MiB. */
const PAGE_CHARACTERS_MAX = 4_000_000;
export interface EntryPage extends CutAnswer {
  entries: LogEntry[];
  /** The last entry that the page looked at: the next one begins behind it. Null at the end. */
  end: number | null;
}

export interface PageBounds {
  /** The `end` of the page before; null for the first. */
  behind: number | null;
  limit: number;
  order?: EntryOrder;
}

export function searchEntries(
  sql: SqlStorage,
  state: LogState,
  filter: AuditFilter,
  { behind, limit, order = "desc" }: PageBounds,
): EntryPage {
  const page = new Page(limit);
  const range = seqRange(sql, filter, state, { behind, order });
  const rows = candidates(sql, filter, range, order);
  try {
    return { ...fill(page, checkedEntries(sql, state), rows, filter), cutBy: null };
  } catch (error) {
    // What was found before it is proven: whoever goes on meets the contradiction first.
    if (!(error instanceof LogContradiction) || page.entries.length === 0) throw error;
    return { entries: page.entries, end: page.lookedAt, cutBy: error.message };
  }
}

function fill(
  page: Page,
  checked: CheckedEntries,
  rows: Iterable<EntryRow>,
  filter: AuditFilter,
): Pick<EntryPage, "entries" | "end"> {
  for (const row of rows) {
    const entry = hashedEntry(storedEntry(row));
    const isFound = matchesFilter(JSON.parse(entry.body), filter);
    if (isFound && page.isComplete) return { entries: page.entries, end: page.end };
    if (isFound) page.add(checked.placed(entry));
    if (page.hasLookedAt(entry)) return { entries: page.entries, end: entry.seq };
  }
  return { entries: page.entries, end: null };
}

/** A page as it fills, within all of its bounds. */
class Page {
  readonly entries: LogEntry[] = [];
  /** The last entry that was looked at: nothing is left out up to it. */
  lookedAt: number | null = null;
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

  get end(): number | null {
    return this.entries.at(-1)?.seq ?? null;
  }

  add(entry: CheckedEntry): void {
    this.entries.push(readable(entry));
    this.#tiles.add(Math.floor(entry.seq / TILE_WIDTH));
  }

  /** Counts an entry that was looked at. True if the page must end there, whatever follows. */
  hasLookedAt({ seq, body }: { seq: number; body: string }): boolean {
    this.lookedAt = seq;
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

function readable({ seq, hash, previousHash, body }: CheckedEntry): LogEntry {
  return { seq, hash: encodeHex(hash), previousHash: encodeHex(previousHash), body };
}

/** The seqs to look at, narrowed by what each bundle spans in time. */
function seqRange(
  sql: SqlStorage,
  { from, to, fromSeq }: AuditFilter,
  { minIndex, treeSize }: LogState,
  { behind, order }: Required<Pick<PageBounds, "behind" | "order">>,
): SearchedRange {
  const { low, high } = seqsBetween(sql, { from, to });
  const after = order === "asc" && behind !== null ? behind + 1 : 0;
  const before = order === "desc" && behind !== null ? behind : treeSize;
  return {
    low: Math.max(low, minIndex, fromSeq ?? 0, after),
    high: Math.min(high, before, treeSize),
    treeSize,
  };
}
