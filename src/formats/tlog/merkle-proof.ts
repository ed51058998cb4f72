/**
 * Making Merkle roots and proofs, RFC 6962 §2.1 to §2.1.2, of stored complete subtrees.
 * https://www.rfc-editor.org/rfc/rfc6962#section-2.1.1
 *
 * Reading a node is I/O. A hash of a proof is one complete subtree, which is one node, but for at most
 * one hash: that of the ragged right edge, of which the peaks are read. No node is read twice, and in
 * a tree of n leaves at most 2 log2(n) + 1 are.
 */
import { requireHash, rootOfPeaks } from "./merkle-hash.ts";
import {
  completeSubtrees,
  consistencyPath,
  inclusionPath,
  isGrowth,
  isLeafOf,
  type NodePosition,
  peakNodes,
} from "./merkle-shape.ts";

/** Root of the complete subtree of 2^level leaves that starts at leaf index * 2^level. */
export type NodeReader = (level: number, index: number) => Uint8Array;

/** RFC 6962 §2.1, MTH(D[size]). */
export function treeRoot(size: number, node: NodeReader): Uint8Array {
  return readRoot(peakNodes(size), node);
}

/** RFC 6962 §2.1.1, PATH(index, D[size]): the sibling of the leaf first. */
export function inclusionProof(index: number, size: number, node: NodeReader): Uint8Array[] {
  if (!isLeafOf(index, size)) throw new RangeError(`no leaf ${index} in a tree of ${size}`);
  return inclusionPath(index, size).map((sibling) => readRoot(completeSubtrees(sibling), node));
}

/** RFC 6962 §2.1.2, PROOF(oldSize, D[newSize]); empty when nothing, or all of it, is old. */
export function consistencyProof(oldSize: number, newSize: number, node: NodeReader): Uint8Array[] {
  if (!isGrowth(oldSize, newSize)) {
    throw new RangeError(`no tree grows from ${oldSize} to ${newSize} leaves`);
  }
  if (oldSize === 0) return [];
  const { end, siblings } = consistencyPath(oldSize, newSize);
  // An end that starts at leaf 0 is the whole old tree, whose root the verifier holds.
  const subtrees = end.start === 0 ? siblings : [end, ...siblings];
  return subtrees.map((subtree) => readRoot(completeSubtrees(subtree), node));
}

function readRoot(peaks: readonly NodePosition[], node: NodeReader): Uint8Array {
  return rootOfPeaks(peaks.map(({ level, index }) => requireHash(node(level, index))));
}
