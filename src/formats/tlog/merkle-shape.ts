/**
 * Which subtrees a Merkle tree is made of, RFC 6962 §2.1: a tree of n > 1 leaves splits at the
 * largest power of two below n. https://www.rfc-editor.org/rfc/rfc6962#section-2.1
 *
 *   size 7              ·
 *               (2,0)        ·            (level, index): the complete subtree of 2^level leaves
 *          (1,0)   (1,1)  (1,2)           that starts at leaf index * 2^level. The peaks of this
 *          0   1   2   3  4   5  6        tree are (2,0), (1,2) and (0,6).
 *
 * There is no hash in here. Those who make proofs and those who verify them ask the same functions.
 *
 * Sizes and indexes go up to 2^53 - 1, hence no operator that cuts a number to 32 bits and no
 * logarithm that rounds.
 */
export interface NodePosition {
  level: number;
  index: number;
}

/** Leaves `start` until before `start + size`; `start` is a multiple of a power of two >= size. */
export interface Subtree {
  readonly start: number;
  readonly size: number;
}

/** A subtree next to a path; `isLeft` if it holds the leaves before those of the path. */
export interface Sibling extends Subtree {
  readonly isLeft: boolean;
}

/** The way from the subtree `end` up to the root, the lowest sibling first. */
interface Path {
  readonly end: Subtree;
  readonly siblings: readonly Sibling[];
}

export function isTreeSize(size: number): boolean {
  return Number.isSafeInteger(size) && size >= 0;
}

export function isLeafOf(index: number, size: number): boolean {
  return isTreeSize(size) && isTreeSize(index) && index < size;
}

export function isGrowth(oldSize: number, newSize: number): boolean {
  return isTreeSize(oldSize) && isTreeSize(newSize) && oldSize <= newSize;
}

/** (level, index) of the peaks of a tree of that size, largest first. */
export function peakNodes(size: number): NodePosition[] {
  if (!isTreeSize(size)) throw new RangeError(`a tree has 0 to 2^53 - 1 leaves, got ${size}`);
  return completeSubtrees({ start: 0, size });
}

/** The fewest complete subtrees that make up a subtree, largest first: one for each bit of its size. */
export function completeSubtrees({ start, size }: Subtree): NodePosition[] {
  const nodes: NodePosition[] = [];
  let level = 0;
  for (let count = size; count > 0; count = Math.floor(count / 2)) {
    if (count % 2 === 1) nodes.push({ level, index: start / 2 ** level + count - 1 });
    level += 1;
  }
  return nodes.reverse();
}

/** RFC 6962 §2.1.1, PATH(m, D[n]): the siblings on the way from a leaf to the root. */
export function inclusionPath(index: number, size: number): readonly Sibling[] {
  return pathTo(index, size, (subtree) => subtree.size === 1).siblings;
}

/**
 * RFC 6962 §2.1.2, SUBPROOF(m, D[n], true) for 0 < m <= n: `end` is the largest subtree of both
 * trees that the old tree ends with. The old root joins it with the left siblings, the new root with
 * all of them.
 */
export function consistencyPath(oldSize: number, newSize: number): Path {
  return pathTo(oldSize - 1, newSize, ({ start, size }) => start + size === oldSize);
}

/** Goes from the root towards a leaf, down to the first subtree that `isEnd` takes. */
function pathTo(index: number, size: number, isEnd: (subtree: Subtree) => boolean): Path {
  const siblings: Sibling[] = [];
  let end: Subtree = { start: 0, size };
  while (!isEnd(end)) {
    const left = { start: end.start, size: largestPowerOfTwoBelow(end.size) };
    const right = { start: left.start + left.size, size: end.size - left.size };
    const isLeft = index >= right.start;
    siblings.push({ ...(isLeft ? left : right), isLeft });
    end = isLeft ? right : left;
  }
  return { end, siblings: siblings.reverse() };
}

function largestPowerOfTwoBelow(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}
