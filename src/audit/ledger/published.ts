/**
 * What is served under the published checkpoint: proofs, tiles and bundles, and nothing that is not signed.
 * Only the lines of an export may be of entries that are not signed yet. Every hash is read with proof
 * (proven-tree.ts), every entry with its own (checked-entries.ts).
 */

import { checkedEntries } from "#audit/ledger/proven/checked-entries.ts";
import { LogContradiction } from "#audit/ledger/proven/contradiction.ts";
import type { LogState } from "#audit/ledger/proven/log-state.ts";
import { treeNodes } from "#audit/ledger/proven/tree.ts";
import { HASH_BYTES } from "#formats/tlog/merkle-hash.ts";
import { consistencyProof, inclusionProof, type NodeReader } from "#formats/tlog/merkle-proof.ts";
import { verifyInclusion } from "#formats/tlog/merkle-verify.ts";
import { formatTlogProof } from "#formats/tlog/tlog-proof.ts";
import { encodeBundle, TILE_WIDTH, type TilePath } from "#formats/tlog/tlog-tiles.ts";

const utf8 = new TextEncoder();

export type ProofAnswer =
  | { kind: "proof"; proof: string }
  | { kind: "not_signed_yet" }
  | { kind: "pruned" }
  | { kind: "not_there" };

export const NOT_THERE = { kind: "not_there" } as const;

/** c2sp.org/tlog-proof of an entry under the newest checkpoint, of hashes that are proven themselves. */
export function proveEntry(sql: SqlStorage, state: LogState, seq: number): ProofAnswer {
  if (seq < state.minIndex) return { kind: "pruned" };
  const { checkpoint, publishedSize, treeSize } = state;
  if (seq >= treeSize) return NOT_THERE;
  if (checkpoint === null || seq >= publishedSize) return { kind: "not_signed_yet" };
  const checked = checkedEntries(sql, state);
  const entry = checked.find(seq);
  if (entry === null || checked.tree === null) return NOT_THERE;
  const { size, root } = checked.tree;
  const proof = inclusionProof(seq, size, checked.tree.nodes());
  // Whatever went wrong must end here, not with whoever relies on the proof.
  if (!verifyInclusion({ index: seq, size, leaf: entry.leaf, root, proof })) {
    throw new Error("ledger: a proof of proven hashes does not verify");
  }
  return { kind: "proof", proof: formatTlogProof({ index: seq, hashes: proof, checkpoint }) };
}

/** Null for sizes that no published checkpoint can have, and for a tree that shrinks. */
export function proveConsistency(
  sql: SqlStorage,
  state: LogState,
  oldSize: number,
  newSize: number,
): Uint8Array[] | null {
  if (oldSize > newSize || newSize > state.publishedSize) return null;
  return consistencyProof(oldSize, newSize, publishedNodes(sql, state));
}

/** A log of which nothing is signed has no node to give out, nor is one asked for. */
export function publishedNodes(sql: SqlStorage, state: LogState): NodeReader {
  return checkedEntries(sql, state).tree?.nodes() ?? treeNodes(sql);
}

export type TileAnswer =
  | { kind: "tile"; bytes: Uint8Array }
  | { kind: "pruned" }
  | { kind: "not_there" };

/** A partial tile is there until the full one is, at every width up to what is published. */
export function readTile(sql: SqlStorage, state: LogState, tile: TilePath): TileAnswer {
  const level = tile.kind === "hash" ? tile.level : 0;
  const hashes = Math.floor(state.publishedSize / TILE_WIDTH ** level);
  const width = Math.min(TILE_WIDTH, hashes - tile.index * TILE_WIDTH);
  const isServed = tile.width === TILE_WIDTH ? width === TILE_WIDTH : width < TILE_WIDTH;
  if (!isServed || tile.width > width) return NOT_THERE;
  if (tile.kind === "entries") return readBundle(sql, state, tile.index, tile.width);
  const proven = checkedEntries(sql, state).tree?.hashes(tile.level, tile.index);
  if (proven === undefined) return NOT_THERE;
  return { kind: "tile", bytes: proven.slice(0, tile.width * HASH_BYTES) };
}

function readBundle(sql: SqlStorage, state: LogState, index: number, width: number): TileAnswer {
  const first = index * TILE_WIDTH;
  if (first < state.minIndex) return { kind: "pruned" };
  const entries = [...checkedEntries(sql, state).range(first, first + width)];
  return { kind: "tile", bytes: encodeBundle(entries.map(({ body }) => utf8.encode(body))) };
}

export interface LineRange {
  from: number;
  to: number;
  bytesMax: number;
}

export interface EntryLines {
  bytes: Uint8Array;
  /** The entry to go on with. */
  next: number;
}

/**
 * NDJSON of entries from `from` until before `to`, as many as fit; `next` is where to go on. There are none
 * where `from` is pruned: entries may be between two pages, and their place must not go unseen.
 */
export function readLines(
  sql: SqlStorage,
  state: LogState,
  { from, to, bytesMax }: LineRange,
): EntryLines {
  const lines: string[] = [];
  let characters = 0;
  let next = from;
  if (from < state.minIndex) return { bytes: new Uint8Array(0), next };
  try {
    for (const { seq, body } of checkedEntries(sql, state).range(from, to)) {
      lines.push(`${body}\n`);
      characters += body.length + 1;
      next = seq + 1;
      if (characters >= bytesMax) break;
    }
  } catch (error) {
    // What is proven before it is given out: whoever goes on meets the contradiction first.
    if (!(error instanceof LogContradiction) || next === from) throw error;
  }
  return { bytes: utf8.encode(lines.join("")), next };
}

/** Bytes that `readLines` gives for a range: whole bundles from their sums. */
export function countLineBytes(sql: SqlStorage, from: number, to: number): number {
  const firstBundle = Math.ceil(from / TILE_WIDTH);
  const endBundle = Math.floor(to / TILE_WIDTH);
  if (endBundle <= firstBundle) return sumLineBytes(sql, from, to);
  const { bytes } = sql
    .exec<{ bytes: number }>(
      "SELECT coalesce(sum(bytes), 0) AS bytes FROM bundles WHERE idx >= ? AND idx < ?",
      firstBundle,
      endBundle,
    )
    .one();
  const before = sumLineBytes(sql, from, firstBundle * TILE_WIDTH);
  return before + bytes + sumLineBytes(sql, endBundle * TILE_WIDTH, to);
}

function sumLineBytes(sql: SqlStorage, from: number, to: number): number {
  const query = `SELECT coalesce(sum(octet_length(body) + 1), 0) AS bytes FROM entries
    WHERE seq >= ? AND seq < ?`;
  return sql.exec<{ bytes: number }>(query, from, to).one().bytes;
}
