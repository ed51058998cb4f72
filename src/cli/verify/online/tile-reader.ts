/** A log's tiles at one size (c2sp.org/tlog-tiles), however much the log grows meanwhile. */

import { MissingEntries } from "#cli/verify/no-verdict.ts";
import { HASH_BYTES, nodeHash } from "#formats/tlog/merkle-hash.ts";
import { peakNodes } from "#formats/tlog/merkle-shape.ts";
import {
  decodeBundle,
  formatTilePath,
  TILE_HEIGHT,
  TILE_WIDTH,
  type TilePath,
} from "#formats/tlog/tlog-tiles.ts";
import type { HttpAnswer, HttpLog } from "./http-log.ts";

export class TileReader {
  readonly #http: HttpLog;
  readonly #prefix: string;
  readonly #size: number;

  /** `prefix` is the path of the log, `/log`; `size` that of the checkpoint. */
  constructor(http: HttpLog, prefix: string, size: number) {
    this.#http = http;
    this.#prefix = prefix;
    this.#size = size;
  }

  /** The leaf hashes, or those of a higher level, that the tile has at this size; null if it is not there. */
  async hashes(level: number, index: number): Promise<Uint8Array[] | null> {
    const width = this.#width(level, index);
    const { status, bytes } = await this.#get({ kind: "hash", level, index, width });
    if (status !== 200 || bytes.length < width * HASH_BYTES) return null;
    const at = (offset: number) => bytes.slice(offset * HASH_BYTES, (offset + 1) * HASH_BYTES);
    return Array.from({ length: width }, (_, offset) => at(offset));
  }

  /** The entries of a bundle at this size; null if it is pruned. */
  async entries(index: number): Promise<Uint8Array[] | null> {
    const width = this.#width(0, index);
    const { status, bytes } = await this.#get({ kind: "entries", index, width });
    if (status === 410) return null;
    if (status === 404) throw new MissingEntries(`the server has no bundle ${index}`);
    const entries = decodeBundle(bytes);
    if (entries === null) throw new MissingEntries(`the bundle ${index} is cut off`);
    return entries.slice(0, width);
  }

  /** The peaks of the tree of `size`, largest first; null if a tile is not there. */
  async peaks(size: number): Promise<Uint8Array[] | null> {
    const peaks: Uint8Array[] = [];
    for (const { level, index } of peakNodes(size)) {
      const peak = await this.#node(level, index);
      if (peak === null) return null;
      peaks.push(peak);
    }
    return peaks;
  }

  async #node(level: number, index: number): Promise<Uint8Array | null> {
    const tileLevel = Math.floor(level / TILE_HEIGHT);
    const width = 2 ** (level % TILE_HEIGHT);
    const first = index * width;
    const tile = await this.hashes(tileLevel, Math.floor(first / TILE_WIDTH));
    const offset = first % TILE_WIDTH;
    return tile === null ? null : rootOf(tile.slice(offset, offset + width));
  }

  #width(level: number, index: number): number {
    const hashes = Math.floor(this.#size / TILE_WIDTH ** level);
    return Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH);
  }

  /** A partial tile gives way to the full one once the log has grown to it. */
  async #get(tile: TilePath): Promise<HttpAnswer> {
    const answer = await this.#http.get(`${this.#prefix}/${formatTilePath(tile)}`);
    if (answer.status !== 404 || tile.width === TILE_WIDTH) return answer;
    const full = formatTilePath({ ...tile, width: TILE_WIDTH });
    return this.#http.get(`${this.#prefix}/${full}`);
  }
}

/** The root of a complete subtree, of which these are all hashes of one level. */
function rootOf(hashes: readonly Uint8Array[]): Uint8Array | null {
  let level = hashes;
  while (level.length > 1) {
    const below = level;
    level = Array.from({ length: below.length / 2 }, (_, at) =>
      nodeHash(below[2 * at]!, below[2 * at + 1]!),
    );
  }
  return level[0] ?? null;
}
