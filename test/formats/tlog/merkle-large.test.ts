import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CompactRange } from "#formats/tlog/compact-range.ts";
import { isSameHash } from "#formats/tlog/merkle-hash.ts";
import { consistencyProof, inclusionProof, treeRoot } from "#formats/tlog/merkle-proof.ts";
import { peakNodes } from "#formats/tlog/merkle-shape.ts";
import { verifyConsistency, verifyInclusion } from "#formats/tlog/merkle-verify.ts";
import { SparseTree } from "./sparse-tree.ts";

const MAX = Number.MAX_SAFE_INTEGER;

/** Sizes at which a number cut to 32 bits, or a logarithm rounded, goes wrong. */
const EDGES = [31, 32, 33, 52, 53].flatMap((bits) =>
  [-2, -1, 0, 1, 2].map((offset) => 2 ** bits + offset).filter(Number.isSafeInteger),
);
const size = fc.oneof(
  fc.constantFrom(...EDGES),
  fc.integer({ min: 1, max: MAX }),
  fc.integer({ min: 1, max: 2 ** 34 }),
);
const ordered = fc.tuple(size, size).map(([a, b]): [number, number] => (a < b ? [a, b] : [b, a]));

describe("trees of up to 2^53 - 1 leaves", () => {
  it("prove any leaf, and neither another leaf nor another place", () => {
    fc.assert(
      fc.property(ordered, fc.nat(), ([a, b], shift) => {
        const index = Math.min(a, b - 1);
        const tree = new SparseTree([index, shift % b]);
        const root = treeRoot(b, tree.node);
        const proof = inclusionProof(index, b, tree.node);
        const claim = { index, size: b, leaf: tree.leaf(index), root, proof };
        expect(verifyInclusion(claim)).toBe(true);
        expect(verifyInclusion({ ...claim, leaf: tree.leaf(MAX) })).toBe(false);
        expect(verifyInclusion({ ...claim, index: index === 0 ? b : index - 1 })).toBe(false);
        expect(proof.length).toBeLessThanOrEqual(53);
      }),
      { numRuns: 300 },
    );
  });

  it("prove that any of them continues any smaller one, and no other tree of that size", () => {
    fc.assert(
      fc.property(ordered, fc.nat(), ([oldSize, newSize], shift) => {
        const changed = shift % oldSize;
        const tree = new SparseTree([newSize - 1]);
        const other = new SparseTree([changed]);
        const proof = consistencyProof(oldSize, newSize, tree.node);
        const oldRoot = treeRoot(oldSize, tree.node);
        const newRoot = treeRoot(newSize, tree.node);
        const claim = { oldSize, newSize, oldRoot, newRoot, proof };
        expect(verifyConsistency(claim)).toBe(true);
        const isSameOld = oldSize === newSize && changed === newSize - 1;
        const forked = { ...claim, oldRoot: treeRoot(oldSize, other.node) };
        expect(verifyConsistency(forked)).toBe(isSameOld);
        expect(proof.length).toBeLessThanOrEqual(54);
      }),
      { numRuns: 300 },
    );
  });

  it("take leaves in constant memory, to the same root", () => {
    fc.assert(
      fc.property(size, fc.integer({ min: 1, max: 20 }), (end, count) => {
        const from = Math.max(end - count, 0);
        const tree = new SparseTree([end - 1]);
        const peaks = peakNodes(from).map(({ level, index }) => tree.node(level, index));
        const range = CompactRange.resume(from, peaks);
        for (let index = from; index < end; index++) range.append(tree.leaf(index));
        expect(range.size).toBe(end);
        expect(isSameHash(range.root(), treeRoot(end, tree.node))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
