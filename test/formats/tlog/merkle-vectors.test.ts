import { describe, expect, it } from "vitest";
import {
  consistencyRows,
  inclusionRows,
  isConsistent,
  isIncluded,
  isWrong,
  type Row,
} from "./published-proofs.ts";
import consistency from "./vectors/consistency.json" with { type: "json" };
import inclusion from "./vectors/inclusion.json" with { type: "json" };

const accepted = (rows: Row[]) => named(rows.filter((row) => !isWrong(row)));
const refused = (rows: Row[]) => named(rows.filter(isWrong));
const named = (rows: Row[]) => rows.map((row) => [row[0], row] as const);

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
