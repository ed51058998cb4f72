/**
 * Merkle tree hashes, RFC 6962 §2.1 (the same in RFC 9162 §2.1.1).
 * https://www.rfc-editor.org/rfc/rfc6962#section-2.1
 *
 *   empty tree   SHA-256()
 *   leaf         SHA-256(00 || entry)
 *   node         SHA-256(01 || left || right)
 *
 * The prefixes keep an entry from passing for a node. A hash is a value: nobody writes into one.
 */
import { sha256 } from "#formats/sha256.ts";

export const HASH_BYTES = 32;
export const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;

/** The root of the tree without leaves. */
export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array(0));

export function leafHash(entry: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + entry.length);
  bytes[0] = LEAF_PREFIX;
  bytes.set(entry, 1);
  return sha256(bytes);
}

/** The prefix of a node, then its two sides: written and hashed in one step, for each node anew. */
const node = new Uint8Array(1 + 2 * HASH_BYTES);
node[0] = NODE_PREFIX;

export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  node.set(requireHash(left), 1);
  node.set(requireHash(right), 1 + HASH_BYTES);
  return sha256(node);
}

/** The same of two hashes that stand side by side, as they do in tiles: 64 bytes. */
export function pairHash(pair: Uint8Array): Uint8Array {
  if (pair.length !== 2 * HASH_BYTES) throw new RangeError(`a pair has ${2 * HASH_BYTES} bytes`);
  node.set(pair, 1);
  return sha256(node);
}

/**
 * The root over the roots of complete subtrees, the largest first. Each split of RFC 6962 has a
 * complete subtree on its left, so the right side is folded up first.
 */
export function rootOfPeaks(peaks: readonly Uint8Array[]): Uint8Array {
  if (peaks.length === 0) return EMPTY_ROOT;
  return peaks.reduceRight((right, left) => nodeHash(left, right));
}

export function isHash(hash: Uint8Array): boolean {
  return hash.length === HASH_BYTES;
}

/** A hash of another length is a broken store or caller: hashed on, it would be signed. */
export function requireHash(hash: Uint8Array): Uint8Array {
  if (!isHash(hash)) throw new RangeError(`a hash has ${HASH_BYTES} bytes, got ${hash.length}`);
  return hash;
}

/** Roots are public: there is nothing for the time this takes to give away. */
export function isSameHash(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  // A loop: `every` takes several times as long, and each entry that is served is compared five times.
  for (let at = 0; at < left.length; at += 1) if (left[at] !== right[at]) return false;
  return true;
}
