import { leafHash, nodeHash } from "#formats/tlog/merkle-hash.ts";
import type { NodeReader } from "#formats/tlog/merkle-proof.ts";

const LEVELS = 54;
const utf8 = new TextEncoder();

/**
 * A tree without end, whose entries are all empty but for a few: of a subtree with none of these
 * only the level matters. So a tree of 2^53 - 1 leaves needs no memory.
 */
export class SparseTree {
  readonly #marked: ReadonlySet<number>;
  readonly #blank: readonly Uint8Array[];

  /** The entry at each of these indexes is the index as text. */
  constructor(marked: Iterable<number>) {
    this.#marked = new Set(marked);
    const blank = [leafHash(new Uint8Array(0))];
    for (let level = 1; level < LEVELS; level++) blank.push(nodeHash(blank.at(-1)!, blank.at(-1)!));
    this.#blank = blank;
  }

  leaf(index: number): Uint8Array {
    return this.#marked.has(index) ? leafHash(utf8.encode(String(index))) : this.#blank[0]!;
  }

  readonly node: NodeReader = (level, index) => {
    if (!this.#isMarked(level, index)) return this.#blank[level]!;
    if (level === 0) return this.leaf(index);
    return nodeHash(this.node(level - 1, 2 * index), this.node(level - 1, 2 * index + 1));
  };

  #isMarked(level: number, index: number): boolean {
    return [...this.#marked].some((leaf) => Math.floor(leaf / 2 ** level) === index);
  }
}
