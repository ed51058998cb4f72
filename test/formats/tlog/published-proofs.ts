/** The vectors of transparency-dev/merkle, and what we say of them. */
import { decodeBase64 } from "#formats/base64.ts";
import { verifyConsistency, verifyInclusion } from "#formats/tlog/merkle-verify.ts";
import consistency from "./vectors/consistency.json" with { type: "json" };
import inclusion from "./vectors/inclusion.json" with { type: "json" };

/** name, index or old size, (new) size, then places in the pool of hashes */
export type Row = [string, number, number, number, number, number[], boolean];

/** Published as right, refused by us: its two equal roots are 12 bytes of text, which is no hash. */
const STRICTER_THAN_PUBLISHED = "additional/sizes-are-equal-one-and-proof-is-empty";

export const inclusionRows = inclusion.rows as Row[];
export const consistencyRows = consistency.rows as Row[];

/** Whether a proof is to be refused. */
export function isWrong([name, , , , , , isError]: Row): boolean {
  return isError || name === STRICTER_THAN_PUBLISHED;
}

export function isIncluded([, index, size, root, leaf, proof]: Row): boolean {
  const hash = (place: number) => decodeBase64(inclusion.hashes[place]!)!;
  const claim = { index, size, root: hash(root), leaf: hash(leaf), proof: proof.map(hash) };
  return verifyInclusion(claim);
}

export function isConsistent([, oldSize, newSize, oldRoot, newRoot, proof]: Row): boolean {
  const hash = (place: number) => decodeBase64(consistency.hashes[place]!)!;
  const roots = { oldRoot: hash(oldRoot), newRoot: hash(newRoot) };
  return verifyConsistency({ oldSize, newSize, ...roots, proof: proof.map(hash) });
}
