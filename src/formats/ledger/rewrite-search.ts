/**
 * Where a rewritten history begins. Entries can be altered so that each still names the hash of the
 * one before, and then only the root tells. Leaf hashes from the log's tiles (c2sp.org/tlog-tiles), if
 * they make the signed root, are those of the entries that were signed: the first entry with
 * another leaf hash is the first that was altered.
 */
import { CompactRange } from "#formats/tlog/compact-range.ts";
import { isSameHash, leafHash } from "#formats/tlog/merkle-hash.ts";

export class RewriteSearch {
  readonly #signed: CompactRange;
  #firstSeq: number | null = null;

  constructor(fromSeq: number, prefix: readonly Uint8Array[]) {
    this.#signed = CompactRange.resume(fromSeq, prefix);
  }

  /**
   * Takes the next leaf as a tile has it, and the entry at its index; null once an altered entry was found.
   */
  compare(tileLeaf: Uint8Array, entry: Uint8Array | null): void {
    const isAltered = entry !== null && !isSameHash(leafHash(entry), tileLeaf);
    if (isAltered) this.#firstSeq ??= this.#signed.size;
    this.#signed.append(tileLeaf);
  }

  get firstSeq(): number | null {
    return this.#firstSeq;
  }

  /** Whether the tiles are the signed ones: else what was found proves nothing. */
  isProven(size: number, root: Uint8Array): boolean {
    return this.#signed.size === size && isSameHash(this.#signed.root(), root);
  }
}
