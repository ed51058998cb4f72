/** Looks for the first entry that is not the one that was signed, by the log's own leaf tiles. */

import type { Location, SourceEvidence } from "#cli/verify/log-source.ts";
import { RewriteSearch } from "#formats/ledger/rewrite-search.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import type { OnlineEntries } from "./online-entries.ts";
import type { OnlineLog } from "./online-evidence.ts";
import { range, readAhead } from "./read-ahead.ts";

const TILES_AHEAD = 4;

export async function locateRewrite(
  { checkpoint, tiles }: OnlineLog,
  { fromSeq, prefix }: SourceEvidence,
  entries: OnlineEntries,
): Promise<Location | null> {
  if (checkpoint === null || prefix === null) return null;
  const { size, root } = checkpoint.checkpoint;
  const search = new RewriteSearch(fromSeq, prefix);
  const indexes = range(Math.floor(fromSeq / TILE_WIDTH), Math.ceil(size / TILE_WIDTH));
  const found = readAhead(indexes, TILES_AHEAD, (index) => tiles.hashes(0, index));
  const entry = entries.oneByOne();
  let skipped = fromSeq % TILE_WIDTH;
  for await (const tile of found) {
    if (tile === null) return null;
    await compareTile(search, tile.slice(skipped), entry);
    skipped = 0;
  }
  await entry.return(undefined);
  if (search.firstSeq === null) return null;
  return { seq: search.firstSeq, isProven: search.isProven(size, root) };
}

/** Past the first difference only the tiles are read on, to tell whether they make the signed root. */
async function compareTile(
  search: RewriteSearch,
  leaves: readonly Uint8Array[],
  entry: AsyncGenerator<Uint8Array, undefined>,
): Promise<void> {
  for (const leaf of leaves) {
    const bytes = search.firstSeq === null ? (await entry.next()).value : null;
    search.compare(leaf, bytes ?? null);
  }
}
