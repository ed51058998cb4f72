/**
 * Verifying Merkle proofs, RFC 9162 §2.1.3.2 and §2.1.4.2 (the trees are those of RFC 6962).
 * https://www.rfc-editor.org/rfc/rfc9162#section-2.1.3.2
 *
 * A claim comes from whoever is being audited: nothing in it throws, what is not proven is false.
 *
 * Size and root belong together and come from one signed checkpoint. A proof alone does not tell
 * two sizes apart in which its path has the same shape: leaf 0 in 5 leaves and in 6.
 */
import { EMPTY_ROOT, isHash, isSameHash, nodeHash } from "./merkle-hash.ts";
import { consistencyPath, inclusionPath, isGrowth, isLeafOf } from "./merkle-shape.ts";

export interface InclusionClaim {
  readonly index: number;
  readonly size: number;
  /** The leaf's hash, which the caller made of the entry itself. */
  readonly leaf: Uint8Array;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

export interface ConsistencyClaim {
  readonly oldSize: number;
  readonly newSize: number;
  readonly oldRoot: Uint8Array;
  readonly newRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** Whether the proof shows that the tree of `size` leaves with this root has this leaf at `index`. */
export function verifyInclusion({ index, size, leaf, root, proof }: InclusionClaim): boolean {
  if (!isLeafOf(index, size) || ![leaf, root, ...proof].every(isHash)) return false;
  const siblings = inclusionPath(index, size);
  if (proof.length !== siblings.length) return false;
  const computed = siblings.reduce((hash, { isLeft }, at) => join(hash, proof[at]!, isLeft), leaf);
  return isSameHash(computed, root);
}

/**
 * Whether the proof shows that the tree with the new root starts with all the leaves
 * of the old root's tree.
 */
export function verifyConsistency(claim: ConsistencyClaim): boolean {
  const { oldSize, newSize, oldRoot, newRoot, proof } = claim;
  if (!isGrowth(oldSize, newSize) || ![oldRoot, newRoot, ...proof].every(isHash)) return false;
  if (oldSize === 0 && !isSameHash(oldRoot, EMPTY_ROOT)) return false;
  if (oldSize === newSize) return proof.length === 0 && isSameHash(oldRoot, newRoot);
  if (oldSize === 0) return proof.length === 0;
  return verifyGrowth(claim);
}

/** 0 < oldSize < newSize: both roots are computed, starting from the subtree that they share. */
function verifyGrowth({ oldSize, newSize, oldRoot, newRoot, proof }: ConsistencyClaim): boolean {
  const { end, siblings } = consistencyPath(oldSize, newSize);
  const [shared, ...others] = end.start === 0 ? [oldRoot, ...proof] : proof;
  if (shared === undefined || others.length !== siblings.length) return false;
  let oldHash = shared;
  let newHash = shared;
  for (const [at, { isLeft }] of siblings.entries()) {
    if (isLeft) oldHash = nodeHash(others[at]!, oldHash);
    newHash = join(newHash, others[at]!, isLeft);
  }
  return isSameHash(oldHash, oldRoot) && isSameHash(newHash, newRoot);
}

function join(hash: Uint8Array, sibling: Uint8Array, isLeft: boolean): Uint8Array {
  return isLeft ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
}
