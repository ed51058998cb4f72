/** The rows of an append, with the tiles of the tree that they complete. */

import type { EntryHashes } from "#audit/ledger/proven/entry-hashes.ts";
import { completeLeafTile } from "#audit/ledger/proven/tree.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import type { BundledEntry } from "./bundles.ts";

export interface NewEntry extends BundledEntry, EntryHashes {
  body: string;
  previousHash: Uint8Array;
}

const COLUMNS = ["seq", "body", "hash", "previous_hash", "leaf", "begins_append"];

/**
 * Rows of one call, for SQLite takes 100 parameters here. They make an append a twentieth faster than calls
 * of one row.
 */
const ROWS_MAX = Math.floor(100 / COLUMNS.length);

const INSERT = `INSERT INTO entries (${COLUMNS.join(", ")}) VALUES `;
const ROW = `(${COLUMNS.map(() => "?").join(", ")})`;
/** Inserts have two texts only, so that both stay prepared. */
const INSERT_ONE = INSERT + ROW;
const INSERT_MANY = INSERT + Array(ROWS_MAX).fill(ROW).join(", ");

/** Called in the transaction in which the log's row takes the entries. */
export function insertEntries(sql: SqlStorage, entries: readonly NewEntry[]): void {
  const rows = entries.map((entry, at) => rowOf(entry, { isFirst: at === 0 }));
  const many = rows.length - (rows.length % ROWS_MAX);
  for (let at = 0; at < many; at += ROWS_MAX) {
    sql.exec(INSERT_MANY, ...rows.slice(at, at + ROWS_MAX).flat());
  }
  for (const row of rows.slice(many)) sql.exec(INSERT_ONE, ...row);
  for (const { seq } of entries) {
    if ((seq + 1) % TILE_WIDTH === 0) completeLeafTile(sql, Math.floor(seq / TILE_WIDTH));
  }
}

function rowOf(entry: NewEntry, { isFirst }: { isFirst: boolean }): SqlStorageValue[] {
  const { seq, body, hash, previousHash, leaf } = entry;
  // The runtime binds views as they are; its types know buffers only.
  const blobs = [hash, previousHash, leaf] as unknown as ArrayBuffer[];
  return [seq, body, ...blobs, isFirst ? 1 : null];
}
