import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EMPTY_ROOT, leafHash } from "#formats/tlog/merkle-hash.ts";
import { consistencyProof, inclusionProof } from "#formats/tlog/merkle-proof.ts";
import {
  type ConsistencyClaim,
  type InclusionClaim,
  verifyConsistency,
  verifyInclusion,
} from "#formats/tlog/merkle-verify.ts";
import { NaiveTree } from "./naive-tree.ts";

const SIZE_MAX = 257;
const SMALL_MAX = 33;
const LARGER_SIZES = [64, 100, 127, 128, 129, 255, 256, 257];
const NOT_SIZES = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53];

const tree = NaiveTree.ofSize(SIZE_MAX);
const STRANGE_HASH = leafHash(new TextEncoder().encode("strange"));

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

function inclusionOf(index: number, size: number): InclusionClaim {
  const proof = inclusionProof(index, size, tree.reader(size));
  return { index, size, leaf: tree.leaves[index]!, root: tree.root(size), proof };
}

function consistencyOf(oldSize: number, newSize: number, of = tree): ConsistencyClaim {
  const proof = consistencyProof(oldSize, newSize, of.reader(newSize));
  return { oldSize, newSize, oldRoot: of.root(oldSize), newRoot: of.root(newSize), proof };
}

/** Every leaf of all sizes up to 33, and all pairs of them. */
const INCLUSIONS = range(1, SMALL_MAX + 1).flatMap((size) =>
  range(0, size).map((index) => inclusionOf(index, size)),
);
const CONSISTENCIES = range(0, SMALL_MAX + 1).flatMap((newSize) =>
  range(0, newSize + 1).map((oldSize) => consistencyOf(oldSize, newSize)),
);

function flip(hash: Uint8Array, bit: number): Uint8Array {
  const flipped = hash.slice();
  flipped[bit >> 3]! ^= 1 << (bit & 7);
  return flipped;
}

/** The hash with a bit changed, cut, grown and emptied. */
function brokenHashes(hash: Uint8Array, bit: number): Uint8Array[] {
  return [flip(hash, bit), hash.slice(0, 31), Uint8Array.from([...hash, 0]), new Uint8Array(0)];
}

/** The proof with a hash broken, dropped, doubled, put in or exchanged with the next, anywhere. */
function brokenProofs(proof: readonly Uint8Array[]): Uint8Array[][] {
  const changed = proof.flatMap((hash, at) => {
    const [before, after] = [proof.slice(0, at), proof.slice(at + 1)];
    const broken = brokenHashes(hash, (at * 37) % 256).map((one) => [...before, one, ...after]);
    const [next, ...others] = after;
    const swapped = next === undefined ? [] : [[...before, next, hash, ...others]];
    return [...broken, ...swapped, [...before, ...after], [...before, hash, hash, ...after]];
  });
  const grown = range(0, proof.length + 1).map((at) => proof.toSpliced(at, 0, STRANGE_HASH));
  return [...changed, ...grown];
}

describe("verifyInclusion", () => {
  it("takes the proof of every leaf of sizes 1 to 33 and of larger ones", () => {
    const larger = LARGER_SIZES.flatMap((size) =>
      range(0, size).map((index) => inclusionOf(index, size)),
    );
    expect([...INCLUSIONS, ...larger].filter((claim) => !verifyInclusion(claim))).toEqual([]);
  });

  it("refuses every proof with one hash broken, dropped, doubled, added or exchanged", () => {
    for (const claim of INCLUSIONS) {
      const taken = brokenProofs(claim.proof).filter((proof) =>
        verifyInclusion({ ...claim, proof }),
      );
      expect(taken).toEqual([]);
    }
  });

  it("refuses another leaf and another root, and hashes that have not 32 bytes", () => {
    for (const claim of INCLUSIONS) {
      const leaves = [...brokenHashes(claim.leaf, claim.index), STRANGE_HASH];
      const roots = [...brokenHashes(claim.root, claim.size), STRANGE_HASH, EMPTY_ROOT];
      expect(leaves.filter((leaf) => verifyInclusion({ ...claim, leaf }))).toEqual([]);
      expect(roots.filter((root) => verifyInclusion({ ...claim, root }))).toEqual([]);
    }
  });

  it("refuses every other index in the same tree", () => {
    for (const claim of INCLUSIONS) {
      const others = [...range(0, claim.size + 3), ...NOT_SIZES].filter((n) => n !== claim.index);
      expect(others.filter((index) => verifyInclusion({ ...claim, index }))).toEqual([]);
    }
  });

  it("refuses every other tree of this log, whose size and root are signed together", () => {
    for (const claim of INCLUSIONS) {
      const taken = range(0, SMALL_MAX + 1).filter((size) =>
        verifyInclusion({ ...claim, size, root: tree.root(size) }),
      );
      expect(taken).toEqual([claim.size]);
    }
  });

  it("refuses another size with the same root wherever the path has another shape", () => {
    const leftLeaf = inclusionOf(0, 5);
    const taken = range(0, 40).filter((size) => verifyInclusion({ ...leftLeaf, size }));
    expect(taken).toEqual([5, 6, 7, 8]);
    const rightLeaf = inclusionOf(4, 5);
    expect(range(0, 40).filter((size) => verifyInclusion({ ...rightLeaf, size }))).toEqual([5]);
    for (const size of NOT_SIZES) expect(verifyInclusion({ ...leftLeaf, size })).toBe(false);
  });

  it("refuses a node in place of a leaf, one level up", () => {
    const { proof, ...claim } = inclusionOf(6, 8);
    const node = { index: 3, size: 4, root: claim.root, leaf: tree.root(8, 6) };
    expect(verifyInclusion({ ...node, proof: proof.slice(1) })).toBe(true);
    expect(verifyInclusion({ ...node, size: 8, index: 6, proof: proof.slice(1) })).toBe(false);
  });
});

describe("verifyConsistency", () => {
  it("takes the proof of all pairs of sizes up to 33, and of all before larger sizes", () => {
    const larger = LARGER_SIZES.flatMap((newSize) =>
      range(0, newSize).map((oldSize) => consistencyOf(oldSize, newSize)),
    );
    expect([...CONSISTENCIES, ...larger].filter((claim) => !verifyConsistency(claim))).toEqual([]);
  });

  it("refuses every proof with one hash broken, dropped, doubled, added or exchanged", () => {
    for (const claim of CONSISTENCIES) {
      const isTaken = (proof: Uint8Array[]) => verifyConsistency({ ...claim, proof });
      expect(brokenProofs(claim.proof).filter(isTaken)).toEqual([]);
    }
  });

  it("refuses another old root, whatever the sizes", () => {
    for (const claim of CONSISTENCIES) {
      const roots = [...brokenHashes(claim.oldRoot, claim.newSize), STRANGE_HASH];
      expect(roots.filter((oldRoot) => verifyConsistency({ ...claim, oldRoot }))).toEqual([]);
    }
  });

  it("refuses another new root, unless nothing was there before", () => {
    for (const claim of CONSISTENCIES.filter(({ oldSize }) => oldSize > 0)) {
      const roots = [...brokenHashes(claim.newRoot, claim.oldSize), STRANGE_HASH];
      expect(roots.filter((newRoot) => verifyConsistency({ ...claim, newRoot }))).toEqual([]);
    }
  });

  it("follows the empty tree with any tree, if it is the empty tree and nothing is to be proven", () => {
    const claim = { oldSize: 0, newSize: 7, oldRoot: EMPTY_ROOT, newRoot: tree.root(7), proof: [] };
    expect(verifyConsistency(claim)).toBe(true);
    expect(verifyConsistency({ ...claim, oldRoot: tree.root(7) })).toBe(false);
    expect(verifyConsistency({ ...claim, proof: [EMPTY_ROOT] })).toBe(false);
    expect(verifyConsistency({ ...claim, newRoot: new Uint8Array(31) })).toBe(false);
    expect(verifyConsistency({ ...claim, newSize: 0 })).toBe(false);
    expect(verifyConsistency({ ...claim, newSize: 0, newRoot: EMPTY_ROOT })).toBe(true);
    expect(verifyConsistency({ ...claim, newSize: 0, oldRoot: claim.newRoot })).toBe(false);
  });

  it("refuses the proof of a pair for every other pair of trees of this log", () => {
    const small = CONSISTENCIES.filter(({ newSize }) => newSize <= 16);
    for (const claim of small.filter(({ proof }) => proof.length > 0)) {
      const isTaken = (other: ConsistencyClaim) =>
        verifyConsistency({ ...other, proof: claim.proof });
      expect(small.filter(isTaken)).toEqual([claim]);
    }
  });

  it("refuses sizes that are none, and a tree that shrinks", () => {
    const claim = consistencyOf(3, 7);
    for (const size of NOT_SIZES) {
      expect(verifyConsistency({ ...claim, oldSize: size })).toBe(false);
      expect(verifyConsistency({ ...claim, newSize: size })).toBe(false);
    }
    const { oldSize: newSize, newSize: oldSize, oldRoot: newRoot, newRoot: oldRoot } = claim;
    expect(verifyConsistency({ ...claim, oldSize, newSize, oldRoot, newRoot })).toBe(false);
    expect(verifyConsistency({ oldSize, newSize, oldRoot, newRoot, proof: [] })).toBe(false);
  });

  it("joins no tree to one in which an old entry is changed, missing, new or moved", () => {
    const entries = fc.uniqueArray(fc.uint8Array({ maxLength: 4 }), {
      minLength: 2,
      maxLength: 80,
      selector: String,
    });
    const rewrites = ["changed", "missing", "new", "moved"] as const;
    const where = fc.record({ rewrite: fc.constantFrom(...rewrites), cut: fc.nat(), at: fc.nat() });
    fc.assert(
      fc.property(entries, where, (honest, { rewrite, cut, at }) => {
        const oldSize = 1 + (cut % (honest.length - 1));
        const place = at % oldSize;
        const entry = Uint8Array.of(1, 2, 3, 4, 5);
        const forged = {
          changed: () => honest.with(place, entry),
          missing: () => honest.toSpliced(place, 1),
          new: () => honest.toSpliced(place, 0, entry),
          moved: () => honest.with(place, honest.at(-1)!).with(-1, honest[place]!),
        }[rewrite]();
        const fork = consistencyOf(oldSize, forged.length, new NaiveTree(forged));
        const oldRoot = new NaiveTree(honest).root(oldSize);
        expect(verifyConsistency(fork)).toBe(true);
        expect(verifyConsistency({ ...fork, oldRoot })).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
