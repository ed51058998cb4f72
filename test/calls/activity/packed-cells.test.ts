import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Cells } from "#calls/activity/activity-cells.ts";
import {
  mergedBlock,
  mergedCells,
  PackedNumbers,
  packedNumber,
} from "#calls/activity/packed-cells.ts";
import packedActivity from "../../../migrations/shard/0025_packed_activity.sql?raw";
import { db } from "../../harness/shard-org.ts";

const number = fc.oneof(
  fc.constantFrom(0, 55, 56, 87, 88, 599, 600, 1_847, 1_848, 59_191, 59_192),
  fc.nat(1_000),
  fc.nat(1_894_199),
);
const cells = fc
  .array(fc.tuple(fc.nat(580), number), { minLength: 1, maxLength: 9 })
  .map((pairs): Cells => new Map(pairs));
const block = fc.array(fc.tuple(fc.nat(255), fc.array(cells, { minLength: 1, maxLength: 3 })), {
  maxLength: 12,
});

function sumOf(all: readonly Cells[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const one of all) for (const [cell, count] of one) sum[cell] = (sum[cell] ?? 0) + count;
  return sum;
}

function readCells(numbers: PackedNumbers, size: number): Record<string, number> {
  const entries = Array.from({ length: size }, () => [numbers.next(), numbers.next()]);
  expect(new Set(entries.map(([cell]) => cell)).size).toBe(size);
  return Object.fromEntries(entries);
}

function readBlock(text: string): Record<string, Record<string, number>> {
  const numbers = new PackedNumbers(text);
  const places: Record<string, Record<string, number>> = {};
  while (numbers.hasMore) {
    const place = numbers.next();
    expect(places[place]).toBeUndefined();
    places[place] = readCells(numbers, numbers.next());
  }
  return places;
}

describe("packed cells", () => {
  it("are numbers one behind the other, of characters that JSON does not escape", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(number, fc.maxSafeNat())), (all) => {
        const text = all.map(packedNumber).join("");
        expect(JSON.stringify(text)).toBe(`"${text}"`);
        expect(text).toMatch(/^[\x20-\x7e]*$/);
        const numbers = new PackedNumbers(text);
        expect(all.map(() => numbers.next())).toEqual(all);
        expect(numbers.hasMore).toBe(false);
      }),
    );
  });

  it("of a block add up, whatever is added in which order, and stay where nothing is added", () => {
    fc.assert(
      fc.property(fc.array(block, { maxLength: 5 }), (folds) => {
        const all: Record<string, Cells[]> = {};
        let text = "";
        for (const fold of folds) {
          const added = new Map(fold);
          for (const [place, more] of added) all[place] = [...(all[place] ?? []), ...more];
          text = mergedBlock(text, added);
        }
        const sums = Object.entries(all).map(([place, of]) => [place, sumOf(of)]);
        expect(readBlock(text)).toEqual(Object.fromEntries(sums));
        expect(mergedBlock(text, new Map())).toBe(text);
      }),
    );
  });

  it("of one add up", () => {
    fc.assert(
      fc.property(fc.array(cells), (all) => {
        const text = all.reduce((stored, one) => mergedCells(stored, [one]), "");
        const sum = sumOf(all);
        expect(readCells(new PackedNumbers(text), Object.keys(sum).length)).toEqual(sum);
      }),
    );
  });

  it.each([
    ["activity_minutes", 0],
    ["activity_quarters", 1],
  ])("are made by the migration of the JSONB that was there before: %s", async (table, at) => {
    const update = packedActivity.split(";\n")[at] ?? "";
    expect(update).toContain(`UPDATE ${table} SET`);
    const json = (of: Cells) => [...of].flat();
    await fc.assert(
      fc.asyncProperty(cells, block, async (totals, members) => {
        const org = crypto.randomUUID();
        const single = new Map(members.map(([place, [first]]) => [place, first!]));
        const ofPlugins = [...single].filter(([place]) => place < 32);
        const stored = (some: Iterable<[number, Cells]>, offset: number) =>
          JSON.stringify(
            Object.fromEntries([...some].map(([place, of]) => [place + offset, json(of)])),
          );
        await db
          .prepare(`INSERT INTO ${table} VALUES (?1, 7, 3, jsonb(?2), jsonb(?3), jsonb(?4))`)
          .bind(
            org,
            JSON.stringify(json(totals)),
            stored(ofPlugins, 3 * 32),
            stored(single, 3 * 256),
          )
          .run();
        await db.prepare(update).run();
        const row = await db
          .prepare(`SELECT * FROM ${table} WHERE org = ?1`)
          .bind(org)
          .first<Record<"totals" | "plugins" | "series", string>>();
        expect(readCells(new PackedNumbers(row!.totals), totals.size)).toEqual(sumOf([totals]));
        const expected = (some: Iterable<[number, Cells]>) =>
          Object.fromEntries([...some].map(([place, of]) => [place, sumOf([of])]));
        expect(readBlock(row!.plugins)).toEqual(expected(ofPlugins));
        expect(readBlock(row!.series)).toEqual(expected(single));
      }),
      { numRuns: 40 },
    );
  });
});
