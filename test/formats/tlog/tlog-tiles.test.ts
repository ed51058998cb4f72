import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeBundle,
  ENTRY_BYTES_MAX,
  encodeBundle,
  formatTilePath,
  parseTilePath,
  TILE_HEIGHT,
  TILE_WIDTH,
  type TilePath,
} from "#formats/tlog/tlog-tiles.ts";
import { mutationOf } from "./mutation.ts";

/** 1234067 and its path are the example of C2SP tlog-tiles.md. */
const PATHS: [string, TilePath][] = [
  ["tile/0/x001/x234/067", { kind: "hash", level: 0, index: 1_234_067, width: 256 }],
  ["tile/0/x001/234.p/5", { kind: "hash", level: 0, index: 1_234, width: 5 }],
  ["tile/63/999.p/255", { kind: "hash", level: 63, index: 999, width: 255 }],
  ["tile/9/x001/000", { kind: "hash", level: 9, index: 1_000, width: 256 }],
  ["tile/entries/000", { kind: "entries", index: 0, width: 256 }],
  ["tile/entries/x273/112.p/1", { kind: "entries", index: 273_112, width: 1 }],
  [
    "tile/entries/x009/x007/x199/x254/x740/991",
    { kind: "entries", index: Number.MAX_SAFE_INTEGER, width: 256 },
  ],
];

const place = { index: fc.maxSafeNat(), width: fc.integer({ min: 1, max: TILE_WIDTH }) };
const tilePath: fc.Arbitrary<TilePath> = fc.oneof(
  fc.record({ kind: fc.constant("hash"), level: fc.nat({ max: 63 }), ...place }),
  fc.record({ kind: fc.constant("entries"), ...place }),
);

describe("tile path", () => {
  it.each(PATHS)("%s is read and written", (path, tile) => {
    expect(formatTilePath(tile)).toBe(path);
    expect(parseTilePath(path)).toEqual(tile);
  });

  it("gives any tile back", () => {
    fc.assert(
      fc.property(tilePath, (tile) => {
        expect(parseTilePath(formatTilePath(tile))).toEqual(tile);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is the only one of its tile: what is read is what is written", () => {
    const path = fc.constantFrom(...PATHS.map(([text]) => text)).chain(mutationOf);
    fc.assert(
      fc.property(path, (text) => {
        const tile = parseTilePath(text);
        expect(tile && formatTilePath(tile)).toBe(tile && text);
      }),
      { numRuns: 5_000 },
    );
  });

  it("names no tile by the directory of another", () => {
    fc.assert(
      fc.property(tilePath, tilePath, (left, right) => {
        const [leftPath, rightPath] = [formatTilePath(left), formatTilePath(right)];
        expect(rightPath.startsWith(`${leftPath}/`)).toBe(false);
      }),
    );
    expect(formatTilePath({ kind: "entries", index: 1, width: 256 })).not.toBe("tile/entries/x001");
  });

  it.each([
    "",
    "tile",
    "/tile/0/000",
    "tile/0/000/",
    "tile/0/000\n",
    "tile/0",
    "tile/0/",
    "tile//000",
    "tile/00/000",
    "tile/01/000",
    "tile/64/000",
    "tile/100/000",
    "tile/-1/000",
    "tile/8/0/000",
    "tile/data/000",
    "tile/Entries/000",
    "tile/0/0",
    "tile/0/00",
    "tile/0/0000",
    "tile/0/x001",
    "tile/0/001/002",
    "tile/0/x000/001",
    "tile/0/x000/x001/002",
    "tile/0/X001/002",
    "tile/0/x01/002",
    "tile/0/x001//002",
    "tile/0/x009/x007/x199/x254/x740/992",
    "tile/0/x001/x009/x007/x199/x254/x740/991",
    "tile/0/000.p",
    "tile/0/000.p/",
    "tile/0/000.p/0",
    "tile/0/000.p/01",
    "tile/0/000.p/256",
    "tile/0/000.p/1000",
    "tile/0/000.p/1/",
    "tile/0/000.P/1",
    "tile/0/000/p/1",
    "tile/0/x001.p/1/000",
    "tile/0/٠٠٠",
    "checkpoint",
  ])("refuses %o", (path) => {
    expect(parseTilePath(path)).toBeNull();
  });

  it("is not written of what is no tile", () => {
    const tile = { kind: "hash", level: 0, index: 0, width: 256 } as const;
    for (const wrong of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(() => formatTilePath({ ...tile, level: wrong })).toThrow(RangeError);
      expect(() => formatTilePath({ ...tile, index: wrong })).toThrow(RangeError);
      expect(() => formatTilePath({ ...tile, width: wrong })).toThrow(RangeError);
    }
    expect(() => formatTilePath({ ...tile, level: 64 })).toThrow(RangeError);
    expect(() => formatTilePath({ ...tile, width: 0 })).toThrow(RangeError);
    expect(() => formatTilePath({ kind: "entries", index: 0, width: 257 })).toThrow(RangeError);
  });

  it("is of a tile as wide as its subtree has leaves", () => {
    expect(2 ** TILE_HEIGHT).toBe(TILE_WIDTH);
  });
});

describe("entry bundle", () => {
  const entries = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: TILE_WIDTH });

  it("has each entry after its length, big-endian", () => {
    const bundle = encodeBundle([new Uint8Array([7]), new Uint8Array(), new Uint8Array(258)]);
    expect([...bundle.subarray(0, 7)]).toEqual([0, 1, 7, 0, 0, 1, 2]);
    expect(bundle).toHaveLength(3 * 2 + 1 + 258);
  });

  it("gives any entries back, also out of a larger buffer", () => {
    fc.assert(
      fc.property(entries, fc.nat({ max: 9 }), (written, offset) => {
        const bundle = encodeBundle(written);
        expect(decodeBundle(bundle)).toEqual(written);
        const buffer = new Uint8Array(offset + bundle.length + 9).fill(0xff);
        buffer.set(bundle, offset);
        expect(decodeBundle(buffer.subarray(offset, offset + bundle.length))).toEqual(written);
      }),
    );
  });

  it("is read from one sequence of bytes alone", () => {
    const bytes = fc.uint8Array({ max: 3, maxLength: 12 });
    fc.assert(
      fc.property(bytes, (raw) => {
        const decoded = decodeBundle(raw);
        expect(decoded === null ? raw : encodeBundle(decoded)).toEqual(raw);
      }),
      { numRuns: 5_000 },
    );
  });

  it("is refused wherever it is cut within an entry, and with a byte too many", () => {
    const bundle = encodeBundle([new Uint8Array(3), new Uint8Array(2)]);
    const readable = Array.from({ length: bundle.length + 2 }, (_, length) => {
      const cut = new Uint8Array(length);
      cut.set(bundle.subarray(0, length));
      return decodeBundle(cut)?.length ?? null;
    });
    expect(readable).toEqual([0, null, null, null, null, 1, null, null, null, 2, null]);
  });

  it("holds entries up to 65,535 bytes", () => {
    const largest = new Uint8Array(ENTRY_BYTES_MAX).fill(1);
    expect(decodeBundle(encodeBundle([largest, largest]))).toEqual([largest, largest]);
    expect(() => encodeBundle([new Uint8Array(65_536)])).toThrow(RangeError);
  });
});
