/** The rows of an append, with the tiles of the tree that they complete. */

import type { EntryHashes } from "#audit/ledger/proven/entry-hashes.ts";
import { completeLeafTile } from "#audit/ledger/proven/tree.ts";
import { HASH_BYTES } from "#formats/tlog/merkle-hash.ts";
import { ENTRY_BYTES_MAX, TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import type { BundledEntry } from "./bundles.ts";

export interface NewEntry extends BundledEntry, EntryHashes {
  body: string;
  previousHash: Uint8Array;
}

/** SQLite takes values of 2 MB here. */
const BODIES_BYTES_MAX = 1024 * 1024;
const LENGTHS = ENTRY_BYTES_MAX + 1;

/**
 * All rows of two blobs, for a call with values of its own for each row takes longer: the bodies, cut by a list
 * of where each begins and how long it is, one number each; and three hashes a row.
 */
const INSERT = `INSERT INTO entries (seq, body, hash, previous_hash, leaf, begins_append)
  SELECT ?1 + key, CAST(substr(?2, 1 + value / ${LENGTHS}, value % ${LENGTHS}) AS TEXT),
    substr(?3, 1 + ${3 * HASH_BYTES} * key, ${HASH_BYTES}),
    substr(?3, 1 + ${3 * HASH_BYTES} * key + ${HASH_BYTES}, ${HASH_BYTES}),
    substr(?3, 1 + ${3 * HASH_BYTES} * key + ${2 * HASH_BYTES}, ${HASH_BYTES}),
    iif(?1 + key = ?4, 1, NULL)
  FROM json_each(?5)`;

const utf8 = new TextEncoder();

/** Called in the transaction in which the log's row takes the entries. */
export function insertEntries(sql: SqlStorage, entries: readonly NewEntry[]): void {
  for (let from = 0; from < entries.length; ) {
    const end = endOfBlob(entries, from);
    insertRows(sql, entries.slice(from, end), entries[0]!.seq);
    from = end;
  }
  for (const [at, { seq }] of entries.entries()) {
    if ((seq + 1) % TILE_WIDTH !== 0) continue;
    const added = entries.slice(Math.max(0, at + 1 - TILE_WIDTH), at + 1);
    completeLeafTile(
      sql,
      Math.floor(seq / TILE_WIDTH),
      added.map(({ leaf }) => leaf),
    );
  }
}

function endOfBlob(entries: readonly NewEntry[], from: number): number {
  let bytes = 0;
  let end = from;
  while (end < entries.length && bytes + entries[end]!.byteLength <= BODIES_BYTES_MAX) {
    bytes += entries[end]!.byteLength;
    end += 1;
  }
  return end;
}

function insertRows(sql: SqlStorage, entries: readonly NewEntry[], firstOfAppend: number): void {
  const bodies = new Uint8Array(entries.reduce((sum, { byteLength }) => sum + byteLength, 0));
  const hashes = new Uint8Array(entries.length * 3 * HASH_BYTES);
  const cuts: number[] = [];
  let at = 0;
  for (const [index, { body, byteLength, hash, previousHash, leaf }] of entries.entries()) {
    utf8.encodeInto(body, bodies.subarray(at));
    hashes.set(hash, 3 * HASH_BYTES * index);
    hashes.set(previousHash, 3 * HASH_BYTES * index + HASH_BYTES);
    hashes.set(leaf, 3 * HASH_BYTES * index + 2 * HASH_BYTES);
    cuts.push(at * LENGTHS + byteLength);
    at += byteLength;
  }
  sql.exec(INSERT, entries[0]!.seq, bodies, hashes, firstOfAppend, JSON.stringify(cuts));
}
