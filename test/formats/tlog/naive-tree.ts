import { sha256 } from "#formats/sha256.ts";
import type { NodeReader } from "#formats/tlog/merkle-proof.ts";

const LEAF_PREFIX = 0;
const NODE_PREFIX = 1;

function hash(prefix: number, ...parts: Uint8Array[]): Uint8Array {
  return sha256(Uint8Array.from([prefix, ...parts.flatMap((part) => [...part])]));
}

/**
 * RFC 6962 §2.1 in its own words: recursive, over all the entries, with none of the code under test.
 * D[from:to] are the entries from `from` until before `to`. Roots are remembered, as there are many.
 */
export class NaiveTree {
  readonly leaves: readonly Uint8Array[];
  readonly #roots = new Map<string, Uint8Array>();

  constructor(entries: readonly Uint8Array[]) {
    this.leaves = entries.map((entry) => hash(LEAF_PREFIX, entry));
  }

  /** The tree whose entries are the decimal texts 0, 1, 2, ... */
  static ofSize(size: number): NaiveTree {
    const utf8 = new TextEncoder();
    return new NaiveTree(Array.from({ length: size }, (_, index) => utf8.encode(String(index))));
  }

  /** MTH(D[from:to]) */
  root(to: number, from = 0): Uint8Array {
    if (to === from) return sha256(new Uint8Array(0));
    if (to - from === 1) return this.leaves[from]!;
    const key = `${from}:${to}`;
    const known = this.#roots.get(key) ?? this.#split(to, from);
    this.#roots.set(key, known);
    return known;
  }

  /** PATH(m, D[from:to]) */
  path(m: number, to: number, from = 0): Uint8Array[] {
    if (to - from === 1) return [];
    const k = largestPowerOfTwoBelow(to - from);
    if (m < k) return [...this.path(m, from + k, from), this.root(to, from + k)];
    return [...this.path(m - k, to, from + k), this.root(from + k, from)];
  }

  /** PROOF(m, D[0:to]) */
  proof(m: number, to: number): Uint8Array[] {
    return this.#subproof(m, to, 0, true);
  }

  /** Complete subtrees only, and none that reaches beyond the first `size` leaves. */
  reader(size: number): NodeReader {
    return (level, index) => {
      const from = index * 2 ** level;
      const to = from + 2 ** level;
      if (!(Number.isInteger(level) && level >= 0 && Number.isInteger(index) && index >= 0)) {
        throw new Error(`(${level}, ${index}) is no node`);
      }
      if (to > size) throw new Error(`(${level}, ${index}) is not complete in ${size} leaves`);
      return this.root(to, from);
    };
  }

  #split(to: number, from: number): Uint8Array {
    const middle = from + largestPowerOfTwoBelow(to - from);
    return hash(NODE_PREFIX, this.root(middle, from), this.root(to, middle));
  }

  /** SUBPROOF(m, D[from:to], b) */
  #subproof(m: number, to: number, from: number, b: boolean): Uint8Array[] {
    if (m === to - from) return b ? [] : [this.root(to, from)];
    const k = largestPowerOfTwoBelow(to - from);
    if (m <= k) return [...this.#subproof(m, from + k, from, b), this.root(to, from + k)];
    return [...this.#subproof(m - k, to, from + k, false), this.root(from + k, from)];
  }
}

function largestPowerOfTwoBelow(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

export function areSame(left: readonly Uint8Array[], right: readonly Uint8Array[]): boolean {
  const isSame = (at: number) =>
    left[at] === right[at] || left[at]!.every((byte, place) => byte === right[at]![place]);
  return left.length === right.length && left.every((_, at) => isSame(at));
}
