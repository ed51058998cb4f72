/**
 * The one way to entries: each is proven before it is handed on, to be served, searched, exported, forwarded
 * or signed. Its bytes give the hashes that were recorded with it, its neighbours fit, and what is under a
 * signed head is proven up to its root. What no head covers has no root above it: whoever rewrites all of it
 * to its end is seen by nobody here (a receipt proves nothing until its entry is signed).
 */
import { HASH_BYTES, isSameHash } from "#formats/tlog/merkle-hash.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import { LogContradiction } from "./contradiction.ts";
import { hashEntry } from "./entry-hashes.ts";
import { GENESIS, type LogState, publishedTree } from "./log-state.ts";
import { ProvenTree, type SignedTree } from "./proven-tree.ts";
import { tileHashes } from "./tree.ts";

export interface CheckedEntry {
  seq: number;
  body: string;
  hash: Uint8Array;
  previousHash: Uint8Array;
  leaf: Uint8Array;
}

export type EntryRow = Record<string, SqlStorageValue>;

/** What a query has to select for its rows to be checked. */
export const ENTRY_COLUMNS = "seq, body, hash, previous_hash, leaf";

type LogBounds = Pick<LogState, "minIndex" | "treeSize">;

/** Under the published checkpoint. */
export function checkedEntries(sql: SqlStorage, state: LogState): CheckedEntries {
  return new CheckedEntries(sql, state, publishedTree(state));
}

export class CheckedEntries {
  /** Null before anything was signed. */
  readonly tree: ProvenTree | null;
  readonly #sql: SqlStorage;
  readonly #bounds: LogBounds;
  readonly #tiles = new Map<number, Uint8Array>();

  constructor(sql: SqlStorage, bounds: LogBounds, signed: SignedTree | null) {
    this.#sql = sql;
    this.#bounds = bounds;
    this.tree = signed === null ? null : new ProvenTree(sql, signed);
  }

  /** Null where there is no such entry, and where it is pruned. */
  find(seq: number): CheckedEntry | null {
    const [entry] = this.range(seq, seq + 1);
    return entry ?? null;
  }

  /** Entries of [from, to) that the log has, in order: one that is missing is a contradiction. */
  *range(from: number, to: number): Generator<CheckedEntry> {
    for (const entry of this.#chain(from, to)) {
      this.#requireLeaf(entry);
      yield entry;
    }
  }

  /** An entry that was found by itself stands where it was recorded. */
  placed(entry: CheckedEntry): CheckedEntry {
    if (entry.seq < (this.tree?.size ?? 0)) this.#requireLeaf(entry);
    else this.find(entry.seq);
    return entry;
  }

  /** Each follows the one before. The entry after the last is looked at, for it names that one. */
  *#chain(from: number, to: number): Generator<CheckedEntry> {
    const first = Math.max(from, this.#bounds.minIndex);
    const end = Math.min(to, this.#bounds.treeSize);
    if (first >= end) return;
    let before = this.#hashBefore(first);
    let waiting: CheckedEntry | null = null;
    for (const entry of this.#present(first, Math.min(end + 1, this.#bounds.treeSize))) {
      if (before !== null && !isSameHash(entry.previousHash, before)) throw notFollowing(entry.seq);
      if (waiting !== null) yield waiting;
      waiting = entry.seq < end ? hashedEntry(entry) : null;
      before = entry.hash;
    }
    if (waiting !== null) yield waiting;
  }

  /** As they are stored, none of them missing. */
  *#present(from: number, to: number): Generator<CheckedEntry> {
    let next = from;
    for (const row of this.#rows(from, to)) {
      if (row["seq"] !== next) break;
      yield storedEntry(row);
      next += 1;
    }
    if (next < to) throw new LogContradiction(`entry ${next} is missing`);
  }

  #rows(from: number, to: number): Iterable<EntryRow> {
    return this.#sql.exec(
      `SELECT ${ENTRY_COLUMNS} FROM entries WHERE seq >= ? AND seq < ? ORDER BY seq`,
      from,
      to,
    );
  }

  /** Null where that entry is pruned. */
  #hashBefore(seq: number): Uint8Array | null {
    if (seq === 0) return GENESIS;
    const [row] = this.#sql.exec("SELECT hash FROM entries WHERE seq = ?", seq - 1).toArray();
    if (row !== undefined) return new Uint8Array(row["hash"] as ArrayBuffer);
    if (seq === this.#bounds.minIndex) return null;
    throw new LogContradiction(`entry ${seq - 1} is missing`);
  }

  /** The tree has the entry's leaf at its place, and that is proven where it can be. */
  #requireLeaf({ seq, leaf }: CheckedEntry): void {
    const bundle = Math.floor(seq / TILE_WIDTH);
    const tile = this.#tiles.get(bundle) ?? tileHashes(this.#sql, 0, bundle);
    this.#tiles.set(bundle, tile);
    const at = (seq % TILE_WIDTH) * HASH_BYTES;
    if (!isSameHash(tile.subarray(at, at + HASH_BYTES), leaf)) throw notAsRecorded(seq);
    if (seq < (this.tree?.size ?? 0)) this.#proveTile(bundle);
  }

  #proveTile(bundle: number): void {
    try {
      this.tree?.hashes(0, bundle);
    } catch (error) {
      requireWhole(this.#sql, this.#bounds, bundle);
      throw error;
    }
  }
}

/**
 * A root that is another says nothing of where: throws for an entry of the bundle, or of the last one, that does
 * not fit what is stored beside it, so that it is named.
 */
export function requireWhole(sql: SqlStorage, bounds: LogBounds, bundle: number): void {
  const entries = new CheckedEntries(sql, bounds, null);
  for (const index of [bundle, Math.floor(bounds.treeSize / TILE_WIDTH)]) {
    for (const _ of entries.range(index * TILE_WIDTH, (index + 1) * TILE_WIDTH));
  }
}

/** The entry's bytes are what was recorded, wherever that was. */
export function hashedEntry(entry: CheckedEntry): CheckedEntry {
  const { seq, body, previousHash } = entry;
  const hashes = hashEntry(body);
  const isRecorded =
    hashes !== null &&
    isSameHash(hashes.hash, entry.hash) &&
    isSameHash(hashes.leaf, entry.leaf) &&
    namesHash(body, previousHash);
  if (!isRecorded) throw notAsRecorded(seq);
  return entry;
}

/** Of which nothing is shown yet. */
export function storedEntry(row: EntryRow): CheckedEntry {
  return {
    seq: row["seq"] as number,
    body: row["body"] as string,
    hash: new Uint8Array(row["hash"] as ArrayBuffer),
    previousHash: new Uint8Array(row["previous_hash"] as ArrayBuffer),
    leaf: new Uint8Array(row["leaf"] as ArrayBuffer),
  };
}

/**
 * The body's `previous_hash`, without parsing: in canonical JSON this text stands in no string, where quotes are
 * escaped, and members of `details` come before.
 */
function namesHash(body: string, hash: Uint8Array): boolean {
  const start = body.lastIndexOf(MEMBER) + MEMBER.length;
  for (let at = 0; at < hash.length; at += 1) {
    const byte = hash[at]!;
    if (body.charCodeAt(start + 2 * at) !== hexDigit(byte >> 4)) return false;
    if (body.charCodeAt(start + 2 * at + 1) !== hexDigit(byte & 15)) return false;
  }
  return hash.length === HASH_BYTES;
}

const MEMBER = '"previous_hash":"';

/** The code of the lower-case digit. */
function hexDigit(value: number): number {
  return value + (value < 10 ? 48 : 87);
}

function notAsRecorded(seq: number): LogContradiction {
  return new LogContradiction(`entry ${seq} does not hash to what was recorded`);
}

function notFollowing(seq: number): LogContradiction {
  return new LogContradiction(`entry ${seq} does not follow entry ${seq - 1}`);
}
