import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BundlePostings,
  type EntryValues,
  findPlaces,
  hasPlace,
  packPostings,
  placesOf,
  readPostings,
  type ValueColumn,
  valueFingerprint,
} from "#audit/ledger/sketches/postings.ts";

const values = fc.record<EntryValues>({
  action: fc.constantFrom("tool.call.allowed", "plugin.loaded", "user:a"),
  actor: fc.oneof(fc.constantFrom("user:a", "gw"), fc.string({ minLength: 1, maxLength: 3 })),
  instance: fc.option(fc.constantFrom("gw", "gw-2")),
  outcome: fc.constantFrom("allowed", "denied", "error"),
});
const bundle = fc.array(values, { minLength: 1, maxLength: 256 });
const index = fc.integer({ min: 0, max: 1_000 });

function packed(at: number, entries: readonly EntryValues[], cuts: readonly number[] = []) {
  const ends = [...cuts.map((cut) => cut % entries.length), entries.length].sort((a, b) => a - b);
  let bytes: Uint8Array | undefined;
  let from = 0;
  for (const end of ends) {
    const postings = new BundlePostings(at, bytes);
    for (let place = from; place < end; place += 1) {
      postings.add({ seq: at * 256 + place, ...entries[place]! });
    }
    bytes = postings.pack();
    from = end;
  }
  return bytes!;
}

function placesIn(bytes: Uint8Array, at: number, column: ValueColumn, value: string): number[] {
  const places = findPlaces(bytes, new Set([valueFingerprint(column, value)])).get(at % 256);
  return Array.from({ length: 256 }, (_, place) => place).filter(
    (place) => places !== undefined && hasPlace(places, place),
  );
}

describe("The postings of a bundle", () => {
  it("name every entry that has a value, and the columns apart", () => {
    const column = fc.constantFrom("action", "actor", "instance", "outcome" as const);
    const value = fc.constantFrom("user:a", "gw", "tool.call.allowed", "error");
    const property = fc.property(index, bundle, column, value, (at, entries, asked, wanted) => {
      const value = entries[0]![asked] ?? wanted;
      for (const one of [wanted, value].filter((each) => each !== "allowed")) {
        const expected = Array.from(entries.keys()).filter(
          (place) => entries[place]![asked] === one,
        );
        expect(placesIn(packed(at, entries), at, asked, one)).toEqual(expected);
      }
    });
    fc.assert(property, { numRuns: 200 });
  });

  it("have the same bytes however the entries came", () => {
    const property = fc.property(index, bundle, fc.array(fc.nat(255)), (at, entries, cuts) => {
      expect(packed(at, entries, cuts)).toEqual(packed(at, entries));
    });
    fc.assert(property, { numRuns: 200 });
  });

  it("are read as they were written, in order, with 1 place to 256", () => {
    for (let count = 1; count <= 256; count += 1) {
      const entries = Array.from({ length: 256 }, (_, place) => ({
        action: "a",
        actor: (place * 7) % 256 < count ? "user:x" : `user:${place}`,
        instance: null,
        outcome: "allowed",
      }));
      const bytes = packed(3, entries);
      const postings = readPostings(bytes);
      expect(postings.map(({ bundle: at }) => at)).toEqual(postings.map(() => 3));
      const hashes = postings.map(({ fingerprint }) => fingerprint);
      expect(hashes).toEqual(hashes.toSorted((a, b) => a - b));
      expect(packPostings(postings.toReversed())).toEqual(bytes);
      expect(placesIn(bytes, 3, "actor", "user:x")).toHaveLength(count);
    }
  });

  it("take no more than 38 bytes a value, and 7 where it stands once", () => {
    const alone = Array.from({ length: 256 }, (_, place) => ({
      action: "a",
      actor: `user:${place}`,
      instance: null,
      outcome: "allowed",
    }));
    expect(packed(0, alone).length).toBe(38 + 256 * 7);
  });

  it("are read up to where they are cut, or altered, and no further", () => {
    const bytes = fc.uint8Array({ maxLength: 400 });
    fc.assert(
      fc.property(bytes, (altered) => {
        const postings = readPostings(altered);
        const length = postings.reduce((sum, posting) => sum + posting.bytes.length, 0);
        expect(length).toBeLessThanOrEqual(altered.length);
        for (const posting of postings) {
          const found = findPlaces(altered, new Set([posting.fingerprint])).get(posting.bundle)!;
          const places = placesOf(posting.bytes);
          expect(places.every((byte, at) => (byte & ~found[at]!) === 0)).toBe(true);
        }
      }),
    );
  });
});
