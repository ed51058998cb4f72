/**
 * What is served under the published checkpoint: proofs, tiles and bundles, and nothing that is not signed.
 * Only the lines of an export may be of entries that are not signed yet.
 */
import { encodeHex } from "#formats/hex.ts";
import { parseCheckpoint } from "#formats/tlog/checkpoint.ts";
import { HASH_BYTES, leafHash } from "#formats/tlog/merkle-hash.ts";
import { consistencyProof, inclusionProof } from "#formats/tlog/merkle-proof.ts";
import { verifyInclusion } from "#formats/tlog/merkle-verify.ts";
import { parseNote } from "#formats/tlog/signed-note.ts";
import { formatTlogProof } from "#formats/tlog/tlog-proof.ts";
import { encodeBundle, TILE_WIDTH, type TilePath } from "#formats/tlog/tlog-tiles.ts";
import { type LogState, readChainEnd } from "./log-state.ts";
import { tileHashes, treeNodes } from "./tree.ts";

const utf8 = new TextEncoder();

export type ProofAnswer =
  | { kind: "proof"; proof: string }
  | { kind: "not_signed_yet" }
  | { kind: "pruned" }
  | { kind: "not_there" };

/** c2sp.org/tlog-proof of an entry under the newest checkpoint, verified before it is given out. */
export function proveEntry(sql: SqlStorage, state: LogState, seq: number): ProofAnswer {
  if (seq < state.minIndex) return { kind: "pruned" };
  if (seq >= readChainEnd(sql).size) return { kind: "not_there" };
  const { checkpoint, publishedSize } = state;
  if (checkpoint === null || seq >= publishedSize) return { kind: "not_signed_yet" };
  const proof = inclusionProof(seq, publishedSize, treeNodes(sql));
  const { body } = sql.exec<{ body: string }>("SELECT body FROM entries WHERE seq = ?", seq).one();
  const leaf = leafHash(utf8.encode(body));
  const root = parseCheckpoint(parseNote(checkpoint)?.text ?? "")?.root ?? new Uint8Array(0);
  // A flipped bit in what is stored must end here, not with whoever relies on the proof.
  if (!verifyInclusion({ index: seq, size: publishedSize, leaf, root, proof })) {
    throw new Error(`ledger: entry ${seq} is not what was signed: ${encodeHex(leaf)}`);
  }
  return { kind: "proof", proof: formatTlogProof({ index: seq, hashes: proof, checkpoint }) };
}

/** Null for sizes that no published checkpoint can have, and for a tree that shrinks. */
export function proveConsistency(
  sql: SqlStorage,
  { publishedSize }: LogState,
  oldSize: number,
  newSize: number,
): Uint8Array[] | null {
  if (oldSize > newSize || newSize > publishedSize) return null;
  return consistencyProof(oldSize, newSize, treeNodes(sql));
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
  if (!isServed || tile.width > width) return { kind: "not_there" };
  if (tile.kind === "entries") return readBundle(sql, state, tile.index, tile.width);
  const bytes = tileHashes(sql, tile.level, tile.index).slice(0, tile.width * HASH_BYTES);
  return { kind: "tile", bytes };
}

function readBundle(
  sql: SqlStorage,
  { minIndex }: LogState,
  index: number,
  width: number,
): TileAnswer {
  const first = index * TILE_WIDTH;
  if (first < minIndex) return { kind: "pruned" };
  const rows = sql
    .exec<{ body: string }>(
      "SELECT body FROM entries WHERE seq >= ? AND seq < ? ORDER BY seq",
      first,
      first + width,
    )
    .toArray();
  return { kind: "tile", bytes: encodeBundle(rows.map(({ body }) => utf8.encode(body))) };
}

/**
 * NDJSON of entries from `from` until before `to`, as many as fit; `next` is where to go on. They end where
 * an entry is missing: entries may be pruned between two pages, and their place must not go unseen.
 */
export function readLines(
  sql: SqlStorage,
  { from, to, bytesMax }: { from: number; to: number; bytesMax: number },
): { bytes: Uint8Array; next: number } {
  const lines: string[] = [];
  let characters = 0;
  let next = from;
  const query = "SELECT seq, body FROM entries WHERE seq >= ? AND seq < ? ORDER BY seq";
  for (const { seq, body } of sql.exec<{ seq: number; body: string }>(query, from, to)) {
    if (seq !== next) break;
    lines.push(`${body}\n`);
    characters += body.length + 1;
    next = seq + 1;
    if (characters >= bytesMax) break;
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
