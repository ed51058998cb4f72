import { describe, expect, it } from "vitest";
import {
  consistencyProof,
  inclusionProof,
  type NodeReader,
  treeRoot,
} from "#formats/tlog/merkle-proof.ts";
import { type NodePosition, peakNodes } from "#formats/tlog/merkle-shape.ts";
import { areSame, NaiveTree } from "./naive-tree.ts";

const SIZE_MAX = 300;
const ALL_PAIRS_MAX = 64;
const LARGER_SIZES = [65, 95, 96, 127, 128, 129, 191, 192, 193, 255, 256, 257, 299, 300];

const tree = NaiveTree.ofSize(SIZE_MAX);
const NOT_SIZES = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53];

/** A reader of the tree of that size, and the nodes that it was asked for. */
function spyOn(size: number): { node: NodeReader; reads: NodePosition[] } {
  const reads: NodePosition[] = [];
  const reader = tree.reader(size);
  const node: NodeReader = (level, index) => {
    reads.push({ level, index });
    return reader(level, index);
  };
  return { node, reads };
}

/** The leaves below the nodes, sorted. */
function leavesOf(nodes: readonly NodePosition[]): number[] {
  const below = ({ level, index }: NodePosition) =>
    Array.from({ length: 2 ** level }, (_, at) => index * 2 ** level + at);
  return nodes.flatMap(below).sort((left, right) => left - right);
}

/** Both halves of a node are read, where the node itself would have done. */
function hasBothHalves(nodes: readonly NodePosition[]): boolean {
  const keys = new Set(nodes.map(({ level, index }) => `${level},${index}`));
  return nodes.some(({ level, index }) => index % 2 === 0 && keys.has(`${level},${index + 1}`));
}

const range = (from: number, to: number) =>
  Array.from({ length: Math.max(to - from, 0) }, (_, at) => from + at);

function consistencyPairs(): [number, number][] {
  const upTo = range(0, ALL_PAIRS_MAX + 1);
  return [...upTo, ...LARGER_SIZES].flatMap((newSize) =>
    range(0, newSize + 1).map((oldSize): [number, number] => [oldSize, newSize]),
  );
}

describe("peakNodes", () => {
  it("covers every size from 0 to 300 with the fewest complete subtrees, largest first", () => {
    for (const size of range(0, SIZE_MAX + 1)) {
      const peaks = peakNodes(size);
      const levels = peaks.map(({ level }) => level);
      expect(leavesOf(peaks)).toEqual(range(0, size));
      expect(levels).toEqual([...new Set(levels)].sort((left, right) => right - left));
    }
  });

  it("is exact up to 2^53 - 1 leaves", () => {
    expect(peakNodes(2 ** 52)).toEqual([{ level: 52, index: 0 }]);
    expect(peakNodes(2 ** 52 + 2 ** 32 + 1)).toEqual([
      { level: 52, index: 0 },
      { level: 32, index: 2 ** 20 },
      { level: 0, index: 2 ** 52 + 2 ** 32 },
    ]);
    const peaks = peakNodes(Number.MAX_SAFE_INTEGER);
    expect(peaks).toHaveLength(53);
    expect(peaks.at(-1)).toEqual({ level: 0, index: Number.MAX_SAFE_INTEGER - 1 });
  });

  it.each(NOT_SIZES)("refuses the size %s", (size) => {
    expect(() => peakNodes(size)).toThrow(RangeError);
  });
});

describe("treeRoot", () => {
  it("is the RFC's for every size from 0 to 300, and reads the peaks alone", () => {
    const wrong = range(0, SIZE_MAX + 1).filter((size) => {
      const { node, reads } = spyOn(size);
      const isRoot = areSame([treeRoot(size, node)], [tree.root(size)]);
      return !isRoot || JSON.stringify(reads) !== JSON.stringify(peakNodes(size));
    });
    expect(wrong).toEqual([]);
  });

  it("refuses a node that has not 32 bytes, and a size that is none", () => {
    expect(() => treeRoot(1, () => new Uint8Array(31))).toThrow(RangeError);
    expect(() => treeRoot(3, () => new Uint8Array(33))).toThrow(RangeError);
    for (const size of NOT_SIZES) {
      expect(() => treeRoot(size, tree.reader(SIZE_MAX))).toThrow(RangeError);
    }
  });
});

describe("inclusionProof", () => {
  it("is the RFC's for every leaf of every size from 1 to 300", () => {
    const wrong: string[] = [];
    for (const size of range(1, SIZE_MAX + 1)) {
      const node = tree.reader(size);
      const isWrong = (index: number) =>
        !areSame(inclusionProof(index, size, node), tree.path(index, size));
      wrong.push(
        ...range(0, size)
          .filter(isWrong)
          .map((index) => `${index} in ${size}`),
      );
    }
    expect(wrong).toEqual([]);
  });

  it("reads each leaf's siblings once, in the fewest and largest complete subtrees", () => {
    for (const size of [...range(1, ALL_PAIRS_MAX + 1), ...LARGER_SIZES]) {
      for (const index of range(0, size)) {
        const { node, reads } = spyOn(size);
        inclusionProof(index, size, node);
        const isOther = (leaf: number) => leaf !== index;
        expect(leavesOf(reads).join()).toBe(range(0, size).filter(isOther).join());
        expect(hasBothHalves(reads)).toBe(false);
        expect(reads.length).toBeLessThanOrEqual(2 * Math.log2(size));
      }
    }
  });

  it("refuses a leaf that is not in the tree, and what is no index or no size", () => {
    const node = tree.reader(SIZE_MAX);
    for (const [index, size] of [
      [0, 0],
      [5, 5],
      [6, 5],
    ] as const) {
      expect(() => inclusionProof(index, size, node)).toThrow(RangeError);
    }
    for (const bad of NOT_SIZES) {
      expect(() => inclusionProof(bad, 5, node)).toThrow(RangeError);
      expect(() => inclusionProof(0, bad, node)).toThrow(RangeError);
    }
  });

  it("refuses to hand out a node that has not 32 bytes", () => {
    expect(() => inclusionProof(0, 2, () => new Uint8Array(31))).toThrow(RangeError);
    expect(() => consistencyProof(1, 2, () => new Uint8Array(33))).toThrow(RangeError);
  });
});

describe("consistencyProof", () => {
  const pairs = consistencyPairs();

  it("is the RFC's for all pairs of sizes up to 64, and all sizes before larger ones", () => {
    const wrong = pairs.filter(([oldSize, newSize]) => {
      const proof = consistencyProof(oldSize, newSize, tree.reader(newSize));
      return !areSame(proof, oldSize === 0 ? [] : tree.proof(oldSize, newSize));
    });
    expect(wrong).toEqual([]);
  });

  it("reads a subtree for each hash, and the peaks of at most one ragged subtree", () => {
    for (const [oldSize, newSize] of pairs) {
      const { node, reads } = spyOn(newSize);
      const { length } = consistencyProof(oldSize, newSize, node);
      const leaves = leavesOf(reads);
      expect(new Set(leaves).size).toBe(leaves.length);
      expect(reads.length - length).toBeLessThan(Math.max(peakNodes(newSize).length, 1));
      expect(reads.length).toBeLessThanOrEqual(2 * Math.log2(newSize || 1) + 1);
    }
  });

  it("is empty, and reads nothing, if nothing or everything is old", () => {
    const unread: NodeReader = () => {
      throw new Error("read");
    };
    for (const size of range(0, 20)) {
      expect(consistencyProof(0, size, unread)).toEqual([]);
      expect(consistencyProof(size, size, unread)).toEqual([]);
    }
  });

  it("refuses a tree that shrinks, and what is no size", () => {
    const node = tree.reader(SIZE_MAX);
    expect(() => consistencyProof(6, 5, node)).toThrow(RangeError);
    for (const bad of NOT_SIZES) {
      expect(() => consistencyProof(bad, 5, node)).toThrow(RangeError);
      expect(() => consistencyProof(0, bad, node)).toThrow(RangeError);
    }
  });
});
