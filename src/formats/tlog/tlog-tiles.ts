/**
 * The URLs and bodies by which a log is read: c2sp.org/tlog-tiles.
 *
 *   tile/0/x001/x234/067        256 hashes of level 0, tile 1,234,067
 *   tile/0/x001/234.p/5         the first five hashes of a tile that is not yet full
 *   tile/entries/000            the 256 entries whose leaf hashes are tile/0/000
 *
 * Paths are relative to the log's prefix. A tile has one path: it is stored and cached under that
 * for ever, so a second spelling would be a second copy.
 */

/** Hashes in a full tile, "Merkle Tree": 256 hashes wide, so eight tree levels high. */
export const TILE_WIDTH = 256;
export const TILE_HEIGHT = 8;

/** An entry's length is a uint16, "Log entries". */
export const ENTRY_BYTES_MAX = 65_535;

const LEVEL_MAX = 63;
const LENGTH_BYTES = 2;

/** `width` is how many hashes or entries the tile holds, `TILE_WIDTH` when it is full. */
export type TilePath =
  | {
      readonly kind: "hash";
      readonly level: number;
      readonly index: number;
      readonly width: number;
    }
  | { readonly kind: "entries"; readonly index: number; readonly width: number };

/** Six groups of digits hold 2^53 - 1. */
const TILE_PATH =
  /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/;

export function formatTilePath(tile: TilePath): string {
  if (!isTile(tile)) throw new RangeError(`no tile has this path: ${JSON.stringify(tile)}`);
  const level = tile.kind === "hash" ? tile.level : "entries";
  const partial = tile.width < TILE_WIDTH ? `.p/${tile.width}` : "";
  return `tile/${level}/${formatIndex(tile.index)}${partial}`;
}

/** Null unless the path is the one that `formatTilePath` writes. */
export function parseTilePath(path: string): TilePath | null {
  const [, level, groups = "", widthText] = TILE_PATH.exec(path) ?? [];
  if (level === undefined) return null;
  const index = Number(groups.replaceAll(/[x/]/g, ""));
  const width = widthText === undefined ? TILE_WIDTH : Number(widthText);
  const tile: TilePath =
    level === "entries"
      ? { kind: "entries", index, width }
      : { kind: "hash", level: Number(level), index, width };
  return isTile(tile) && formatTilePath(tile) === path ? tile : null;
}

/** The body of an entries tile: each entry after its length as a big-endian uint16. */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  const sizeBytes = entries.reduce((size, entry) => size + LENGTH_BYTES + entry.length, 0);
  const bundle = new Uint8Array(sizeBytes);
  const view = new DataView(bundle.buffer);
  let at = 0;
  for (const entry of entries) {
    if (entry.length > ENTRY_BYTES_MAX) {
      throw new RangeError(`an entry has up to ${ENTRY_BYTES_MAX} bytes, got ${entry.length}`);
    }
    view.setUint16(at, entry.length);
    bundle.set(entry, at + LENGTH_BYTES);
    at += LENGTH_BYTES + entry.length;
  }
  return bundle;
}

/** The entries, as views of the bytes; null unless the last one ends where the bytes do. */
export function decodeBundle(bytes: Uint8Array): Uint8Array[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at + LENGTH_BYTES <= bytes.length) {
    const start = at + LENGTH_BYTES;
    at = start + view.getUint16(at);
    entries.push(bytes.subarray(start, at));
  }
  return at === bytes.length ? entries : null;
}

/** `x001/x234/067`: an x marks a directory, so that no file has a directory's name. */
function formatIndex(index: number): string {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, "0");
  return padded.replaceAll(/[0-9]{3}(?=[0-9])/g, "x$&/");
}

function isTile(tile: TilePath): boolean {
  const isLevel = tile.kind === "entries" || isWithin(tile.level, 0, LEVEL_MAX);
  const isIndex = isWithin(tile.index, 0, Number.MAX_SAFE_INTEGER);
  return isLevel && isIndex && isWithin(tile.width, 1, TILE_WIDTH);
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
