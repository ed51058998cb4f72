/**
 * The Merkle tree over the entries as they pass, in constant memory, that remembers its root at the
 * few sizes of which someone has signed or kept one.
 */
import { CompactRange } from "#formats/tlog/compact-range.ts";
import { EMPTY_ROOT, rootOfPeaks } from "#formats/tlog/merkle-hash.ts";
import { peakNodes } from "#formats/tlog/merkle-shape.ts";

export class WatchedTree {
  readonly #range: CompactRange;
  readonly #wanted: ReadonlySet<number>;
  readonly #roots = new Map<number, Uint8Array>();

  /**
   * `peaks` are those of the tree of `fromSize` leaves, largest first; null if there
   * are more or fewer of them.
   */
  static resume(
    fromSize: number,
    peaks: readonly Uint8Array[],
    wanted: ReadonlySet<number>,
  ): WatchedTree | null {
    if (peaks.length !== peakNodes(fromSize).length) return null;
    return new WatchedTree(CompactRange.resume(fromSize, peaks), wanted);
  }

  private constructor(range: CompactRange, wanted: ReadonlySet<number>) {
    this.#range = range;
    this.#wanted = wanted;
    this.#rememberPrefixes(range.size, range.peaks);
  }

  append(leaf: Uint8Array): void {
    this.#range.append(leaf);
    if (this.#wanted.has(this.#range.size)) this.#roots.set(this.#range.size, this.#range.root());
  }

  /** Null for a size that was not wanted, was not reached, or lies before the start. */
  rootAt(size: number): Uint8Array | null {
    if (size === this.#range.size) return this.#range.root();
    return this.#roots.get(size) ?? null;
  }

  /**
   * Each peak and those before it make a tree of their own: 768 = 512 + 256 gives the root at 512 as well.
   */
  #rememberPrefixes(size: number, peaks: readonly Uint8Array[]): void {
    this.#roots.set(0, EMPTY_ROOT);
    let end = 0;
    for (const [at, { level }] of peakNodes(size).entries()) {
      end += 2 ** level;
      this.#roots.set(end, rootOfPeaks(peaks.slice(0, at + 1)));
    }
  }
}
