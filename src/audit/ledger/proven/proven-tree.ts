/**
 * The tree that was signed, read with proof: each tile that is handed out has been shown to lie under the
 * root. A full tile's own root stands in the tile above; what no tile above holds yet makes up the root.
 */
import { HASH_BYTES, isSameHash } from "#formats/tlog/merkle-hash.ts";
import { type NodeReader, treeRoot } from "#formats/tlog/merkle-proof.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import { LogContradiction } from "./contradiction.ts";
import { nodeReader, subtreeRoot, tileHashes, treeNodes } from "./tree.ts";

export interface SignedTree {
  size: number;
  root: Uint8Array;
}

export class ProvenTree {
  readonly size: number;
  readonly root: Uint8Array;
  readonly #sql: SqlStorage;
  readonly #tiles = new Map<string, Uint8Array>();
  #isRootProven = false;

  constructor(sql: SqlStorage, { size, root }: SignedTree) {
    this.#sql = sql;
    this.size = size;
    this.root = root;
  }

  /** The tile's hashes within the tree; throws LogContradiction if they are not under its root. */
  hashes(level: number, index: number): Uint8Array {
    const key = `${level}/${index}`;
    const known = this.#tiles.get(key);
    if (known !== undefined) return known;
    const count = Math.floor(this.size / TILE_WIDTH ** level) - index * TILE_WIDTH;
    const width = Math.min(TILE_WIDTH, count);
    const hashes = tileHashes(this.#sql, level, index).subarray(0, width * HASH_BYTES);
    if (width <= 0 || hashes.length < width * HASH_BYTES) {
      throw new Error("ledger: the tree lacks a node");
    }
    if (width === TILE_WIDTH) this.#proveFull(hashes, level, index);
    else this.#proveRoot();
    this.#tiles.set(key, hashes);
    return hashes;
  }

  /** Of which every node is proven. */
  nodes(): NodeReader {
    return nodeReader((level, index) => this.hashes(level, index));
  }

  #proveFull(hashes: Uint8Array, level: number, index: number): void {
    const slot = (index % TILE_WIDTH) * HASH_BYTES;
    const above = this.hashes(level + 1, Math.floor(index / TILE_WIDTH));
    const root = subtreeRoot(hashes, TILE_WIDTH);
    if (isSameHash(root, above.subarray(slot, slot + HASH_BYTES))) return;
    const width = TILE_WIDTH ** (level + 1);
    throw new LogContradiction(
      `entries ${index * width} to ${(index + 1) * width - 1} are not those that the tree above them was made of`,
    );
  }

  #proveRoot(): void {
    if (this.#isRootProven) return;
    requireSignedRoot(this.#sql, this);
    this.#isRootProven = true;
  }
}

export function requireSignedRoot(sql: SqlStorage, { size, root }: SignedTree): void {
  if (isSameHash(treeRoot(size, treeNodes(sql)), root)) return;
  throw new LogContradiction(`the ledger's first ${size} entries are not those that were signed`);
}
