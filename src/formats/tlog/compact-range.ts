/**
 * An append-only Merkle tree of which only the roots of its complete subtrees are kept: one for each
 * bit of the size, at most 53 hashes, are enough to append to it and to have its root (RFC 6962
 * §2.1). https://www.rfc-editor.org/rfc/rfc6962#section-2.1
 *
 *   size 7 = 4 + 2 + 1    peaks (2,0) (1,2) (0,6)
 *   append                (0,6) and the leaf are (0,6)+(0,7) = (1,3), that with (1,2) is (2,1), ...
 *   size 8                peaks (3,0)
 */
import { nodeHash, requireHash, rootOfPeaks } from "./merkle-hash.ts";
import { peakNodes } from "./merkle-shape.ts";

export class CompactRange {
  #size: number;
  readonly #peaks: Uint8Array[];

  private constructor(size: number, peaks: Uint8Array[]) {
    this.#size = size;
    this.#peaks = peaks;
  }

  /** The tree of `size` leaves with these peaks, largest first; a tree of size 0 has none. */
  static resume(size: number, peaks: readonly Uint8Array[]): CompactRange {
    const count = peakNodes(size).length;
    if (peaks.length !== count) {
      throw new RangeError(`a tree of ${size} has ${count} peaks, got ${peaks.length}`);
    }
    return new CompactRange(size, peaks.map(requireHash));
  }

  get size(): number {
    return this.#size;
  }

  /** As of now, largest subtree first: a later append does not change what was returned. */
  get peaks(): readonly Uint8Array[] {
    return [...this.#peaks];
  }

  /**
   * Takes a leaf's hash. Each 1 at the end of the size's binary form is a peak that the new leaf
   * completes the other half of: amortized, one node is hashed for each leaf.
   */
  append(leaf: Uint8Array): void {
    if (this.#size === Number.MAX_SAFE_INTEGER) throw new RangeError("the tree is full");
    let hash = requireHash(leaf);
    for (let count = this.#size; count % 2 === 1; count = Math.floor(count / 2)) {
      hash = nodeHash(this.#peaks.pop()!, hash);
    }
    this.#peaks.push(hash);
    this.#size += 1;
  }

  root(): Uint8Array {
    return rootOfPeaks(this.#peaks);
  }
}
