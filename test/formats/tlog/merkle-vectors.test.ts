import { describe, expect, it } from "vitest";
import { decodeBase64 } from "#formats/base64.ts";
import { verifyConsistency, verifyInclusion } from "#formats/tlog/merkle-verify.ts";
import consistency from "./vectors/consistency.json" with { type: "json" };
import inclusion from "./vectors/inclusion.json" with { type: "json" };

/** name, index or old size, (new) size, then places in the pool of hashes */
type Row = [string, number, number, number, number, number[], boolean];

/** Published as right, refused by us: its two equal roots are 12 bytes of text, which is no hash. */
const STRICTER_THAN_PUBLISHED = "additional/sizes-are-equal-one-and-proof-is-empty";

const inclusionRows = inclusion.rows as Row[];
const consistencyRows = consistency.rows as Row[];
const isStricter = ([name]: Row) => name === STRICTER_THAN_PUBLISHED;
const accepted = (rows: Row[]) => named(rows.filter((row) => !(row[6] || isStricter(row))));
const refused = (rows: Row[]) => named(rows.filter((row) => row[6] || isStricter(row)));
const named = (rows: Row[]) => rows.map((row) => [row[0], row] as const);

function isIncluded([, index, size, root, leaf, proof]: Row): boolean {
  const hash = (place: number) => decodeBase64(inclusion.hashes[place]!)!;
  const claim = { index, size, root: hash(root), leaf: hash(leaf), proof: proof.map(hash) };
  return verifyInclusion(claim);
}

function isConsistent([, oldSize, newSize, oldRoot, newRoot, proof]: Row): boolean {
  const hash = (place: number) => decodeBase64(consistency.hashes[place]!)!;
  const roots = { oldRoot: hash(oldRoot), newRoot: hash(newRoot) };
  return verifyConsistency({ oldSize, newSize, ...roots, proof: proof.map(hash) });
}

describe("the vectors of transparency-dev/merkle", () => {
  it("are all there", () => {
    expect([inclusionRows.length, consistencyRows.length]).toEqual([98, 98]);
    expect(inclusion.columns).toEqual(
      "name leafIdx treeSize root leafHash proof wantErr".split(" "),
    );
    expect(consistency.columns).toEqual("name size1 size2 root1 root2 proof wantErr".split(" "));
  });

  it.each(accepted(inclusionRows))("inclusion %s is verified", (_, row) => {
    expect(isIncluded(row)).toBe(true);
  });

  it.each(refused(inclusionRows))("inclusion %s is refused", (_, row) => {
    expect(isIncluded(row)).toBe(false);
  });

  it.each(accepted(consistencyRows))("consistency %s is verified", (_, row) => {
    expect(isConsistent(row)).toBe(true);
  });

  it.each(refused(consistencyRows))("consistency %s is refused", (_, row) => {
    expect(isConsistent(row)).toBe(false);
  });
});
