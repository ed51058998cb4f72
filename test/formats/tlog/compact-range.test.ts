import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CompactRange } from "#formats/tlog/compact-range.ts";
import { EMPTY_ROOT } from "#formats/tlog/merkle-hash.ts";
import { peakNodes } from "#formats/tlog/merkle-shape.ts";
import { areSame, NaiveTree } from "./naive-tree.ts";

const SIZE_MAX = 300;
const tree = NaiveTree.ofSize(SIZE_MAX);

const hash = (byte: number) => new Uint8Array(32).fill(byte);

/** The hashes of the peaks of the tree of that size. */
function peaksOf(size: number): Uint8Array[] {
  const reader = tree.reader(size);
  return peakNodes(size).map(({ level, index }) => reader(level, index));
}

describe("CompactRange", () => {
  it("has size, peaks and root of the RFC's tree after each of 300 appends", () => {
    const range = CompactRange.resume(0, []);
    const wrong: number[] = [];
    for (let size = 0; size <= SIZE_MAX; size++) {
      const isRoot = areSame([range.root()], [tree.root(size)]);
      if (!(range.size === size && isRoot && areSame(range.peaks, peaksOf(size)))) wrong.push(size);
      if (size < SIZE_MAX) range.append(tree.leaves[size]!);
    }
    expect(wrong).toEqual([]);
  });

  it("goes on after any stop as if there had been none", () => {
    const sizes = fc.tuple(fc.nat({ max: SIZE_MAX }), fc.nat({ max: SIZE_MAX }));
    fc.assert(
      fc.property(sizes, ([one, other]) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        const range = CompactRange.resume(from, peaksOf(from));
        for (const leaf of tree.leaves.slice(from, to)) range.append(leaf);
        expect(areSame([range.root()], [tree.root(to)])).toBe(true);
        expect(areSame(range.peaks, peaksOf(to))).toBe(true);
      }),
    );
  });

  it("is the empty tree without a leaf", () => {
    expect(CompactRange.resume(0, []).root()).toEqual(EMPTY_ROOT);
  });

  it("shares no list with its caller: what was given and what was returned stays", () => {
    const given = peaksOf(7);
    const range = CompactRange.resume(7, given);
    const returned = range.peaks;
    range.append(tree.leaves[7]!);
    expect(given).toEqual(peaksOf(7));
    expect(returned).toEqual(peaksOf(7));
    expect(range.peaks).toEqual(peaksOf(8));
  });

  it("refuses peaks that are not those of the size by number or by length", () => {
    for (const size of [0, 1, 3, 4, 7, 2 ** 33, Number.MAX_SAFE_INTEGER]) {
      const peaks = peakNodes(size).map(({ level }) => hash(level));
      expect(CompactRange.resume(size, peaks).size).toBe(size);
      expect(() => CompactRange.resume(size, [...peaks, hash(0)])).toThrow(RangeError);
    }
    expect(() => CompactRange.resume(3, [hash(1)])).toThrow(RangeError);
    expect(() => CompactRange.resume(3, [hash(1), new Uint8Array(31)])).toThrow(RangeError);
    for (const size of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(() => CompactRange.resume(size, [])).toThrow(RangeError);
    }
  });

  it("refuses a leaf that is no hash, and stays as it was", () => {
    const range = CompactRange.resume(7, peaksOf(7));
    for (const length of [0, 31, 33]) {
      expect(() => range.append(new Uint8Array(length))).toThrow(RangeError);
    }
    expect(range.size).toBe(7);
    expect(range.peaks).toEqual(peaksOf(7));
  });

  it("refuses the leaf after 2^53 - 1, and stays as it was", () => {
    const size = Number.MAX_SAFE_INTEGER;
    const range = CompactRange.resume(
      size - 1,
      peakNodes(size - 1).map(({ level }) => hash(level)),
    );
    range.append(hash(0));
    const root = range.root();
    expect(() => range.append(hash(0))).toThrow(RangeError);
    expect([range.size, range.peaks.length, range.root()]).toEqual([size, 53, root]);
  });
});
