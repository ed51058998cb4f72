/**
 * The Merkle tree as stored: tiles of 256 hashes (schema.ts). The leaves of the last, incomplete tile
 * stand in `entries`; a leaf tile that is there but short was cut at a pruning and goes on in them.
 */
import { concatBytes } from "#formats/concat-bytes.ts";
import { encodeHex } from "#formats/hex.ts";
import { sha256 } from "#formats/sha256.ts";
import { HASH_BYTES, pairHash } from "#formats/tlog/merkle-hash.ts";
import type { NodeReader } from "#formats/tlog/merkle-proof.ts";
import { TILE_HEIGHT, TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import { LogContradiction } from "./contradiction.ts";

export function treeNodes(sql: SqlStorage): NodeReader {
  const tiles = new Map<string, Uint8Array>();
  return nodeReader((level, index) => {
    const key = `${level}/${index}`;
    const tile = tiles.get(key) ?? tileHashes(sql, level, index);
    tiles.set(key, tile);
    return tile;
  });
}

/** A complete subtree's root is computed from the tile that holds it: at most 255 hashes, 1 ms. */
export function nodeReader(readTile: (level: number, index: number) => Uint8Array): NodeReader {
  return (level, index) => {
    const tileLevel = Math.floor(level / TILE_HEIGHT);
    const width = 2 ** (level % TILE_HEIGHT);
    const first = index * width;
    const tile = readTile(tileLevel, Math.floor(first / TILE_WIDTH));
    const offset = first % TILE_WIDTH;
    return subtreeRoot(tile.subarray(offset * HASH_BYTES, (offset + width) * HASH_BYTES), width);
  };
}

/** All hashes that the tile has by now, concatenated; none if it has not begun. Of leaves, those below `end`. */
export function tileHashes(
  sql: SqlStorage,
  level: number,
  index: number,
  end = (index + 1) * TILE_WIDTH,
): Uint8Array {
  const stored = storedTile(sql, level, index);
  if (level > 0 || stored.length === TILE_WIDTH * HASH_BYTES) return stored;
  const first = index * TILE_WIDTH + stored.length / HASH_BYTES;
  const rows = sql
    .exec("SELECT leaf FROM entries WHERE seq >= ? AND seq < ? ORDER BY seq", first, end)
    .toArray();
  return concatBytes([stored, ...rows.map((row) => new Uint8Array(row["leaf"] as ArrayBuffer))]);
}

/**
 * Writes, with the entry that ends a bundle, its leaf tile and each tile above that this adds a hash to. `added`:
 * the tile's last leaves, which come with this append and need not be read.
 */
export function completeLeafTile(
  sql: SqlStorage,
  index: number,
  added: readonly Uint8Array[] = [],
): void {
  const before = tileHashes(sql, 0, index, (index + 1) * TILE_WIDTH - added.length);
  let hashes = concatBytes([before, ...added]);
  writeTile(sql, 0, index, hashes);
  let at = index;
  for (let level = 1; hashes.length === TILE_WIDTH * HASH_BYTES; level += 1) {
    const above = Math.floor(at / TILE_WIDTH);
    hashes = concatBytes([storedTile(sql, level, above), subtreeRoot(hashes, TILE_WIDTH)]);
    writeTile(sql, level, above, hashes);
    at = above;
  }
}

/** Called before entries up to a bundle's middle are pruned: their leaves must outlive them. */
export function keepLeaves(sql: SqlStorage, index: number): void {
  writeTile(sql, 0, index, tileHashes(sql, 0, index));
}

export function storedTile(sql: SqlStorage, level: number, index: number): Uint8Array {
  const [row] = sql
    .exec("SELECT hashes FROM tiles WHERE level = ? AND idx = ?", level, index)
    .toArray();
  return new Uint8Array((row?.["hashes"] as ArrayBuffer | undefined) ?? new ArrayBuffer(0));
}

/** What is in the way of hashes that come would keep the log from growing, and no signer would ever look at it. */
function writeTile(sql: SqlStorage, level: number, index: number, hashes: Uint8Array): void {
  if (hashes.length > TILE_WIDTH * HASH_BYTES) {
    throw new LogContradiction(`tile ${level}/${index} has hashes of entries that never came`);
  }
  sql.exec(
    `INSERT INTO tiles (level, idx, hashes) VALUES (?, ?, ?)
     ON CONFLICT (level, idx) DO UPDATE SET hashes = excluded.hashes`,
    level,
    index,
    hashes,
  );
}

/**
 * Roots by the digest of the hashes that they are the roots of, for the isolate's life: a pure function's
 * values, which say nothing of what is stored. Reading a tile proves it again each time; one SHA-256 of its
 * 8 KiB takes a hundredth of the time of its 255 nodes.
 */
const knownRoots = new Map<string, Uint8Array>();
/** About 200 bytes each; the tiles of two million entries. */
const KNOWN_ROOTS_MAX = 8_192;
/** Of narrower ones the digest costs as much as the root. */
const KNOWN_WIDTH_MIN = 8;

export function subtreeRoot(hashes: Uint8Array, width: number): Uint8Array {
  if (hashes.length !== width * HASH_BYTES) throw new Error("ledger: the tree lacks a node");
  if (width < KNOWN_WIDTH_MIN) return computeRoot(hashes, width);
  const digest = encodeHex(sha256(hashes));
  const known = knownRoots.get(digest);
  if (known !== undefined) return known;
  const root = computeRoot(hashes, width);
  if (knownRoots.size === KNOWN_ROOTS_MAX) knownRoots.delete(knownRoots.keys().next().value!);
  knownRoots.set(digest, root);
  return root;
}

function computeRoot(hashes: Uint8Array, width: number): Uint8Array {
  // Each level is written over the one below it, of which it is half.
  const level = hashes.slice();
  for (let nodes = width / 2; nodes >= 1; nodes /= 2) {
    for (let at = 0; at < nodes; at += 1) {
      const pair = level.subarray(2 * at * HASH_BYTES, 2 * (at + 1) * HASH_BYTES);
      level.set(pairHash(pair), at * HASH_BYTES);
    }
  }
  return level.slice(0, HASH_BYTES);
}
