import { describe, expect, it } from "vitest";
import { inSlices } from "#platform/slices.ts";

/** What is done by two works that begin together, each item of both by its work's letter. */
async function order(costUs: number): Promise<string> {
  let done = "";
  const work = (letter: string) =>
    inSlices(
      "12345678",
      () => costUs,
      () => {
        done += letter;
      },
    );
  await Promise.all([work("a"), work("b")]);
  return done;
}

describe("Work in slices", () => {
  it("that is long lets other work in, again and again", async () => {
    expect(await order(5_000)).toBe("aabbaabbaabbaabb");
    expect(await order(60_000)).toBe("abababababababab");
  });

  it("that is short is done in one turn", async () => {
    expect(await order(1_000)).toBe("aaaaaaaabbbbbbbb");
  });

  it("does each item once, in order, and fails where an item does", async () => {
    const done: number[] = [];
    const items = Array.from({ length: 25 }, (_, at) => at);
    await inSlices(
      items,
      () => 4_000,
      (item) => done.push(item),
    );
    expect(done).toEqual(items);
    const fault = () => {
      throw new Error("fault");
    };
    await expect(inSlices([1], () => 1, fault)).rejects.toThrow("fault");
  });
});
