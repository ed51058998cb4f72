/**
 * What a search skips entries by, held to the entries themselves: the bundle's row and, once 256 bundles are
 * merged, the runs of their ids. Nothing is proven by these, and all of it can be had of entries that are: where
 * they say otherwise they are written anew. So is a full bundle's leaf tile that is gone.
 */

import type { LogBounds } from "#audit/ledger/proven/checked-entries.ts";
import { keepLeaves, storedTile } from "#audit/ledger/proven/tree.ts";
import { HASH_BYTES } from "#formats/tlog/merkle-hash.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import { type Bundle, type BundledEntry, bundleOf, readBundle, writeBundle } from "./bundles.ts";
import { fingerprintsOf, MERGED_ENTRIES } from "./id-runs.ts";
import type { MergedRuns } from "./merged-runs.ts";

/** `entries` are all of the bundle that the log has. True if something of it had to be written anew. */
export function mendBundle(
  sql: SqlStorage,
  { minIndex, treeSize }: LogBounds,
  runs: MergedRuns,
  { index, entries }: { index: number; entries: readonly BundledEntry[] },
): boolean {
  const first = index * TILE_WIDTH;
  if (entries.length === 0) return false;
  const run = Math.floor(first / MERGED_ENTRIES);
  const isMerged = (run + 1) * MERGED_ENTRIES <= treeSize;
  const said = bundleOf(entries);
  const bundle = isMerged ? { ...said, ids: new Uint8Array(0) } : said;
  const isSound = isSaying(readBundle(sql, index), bundle, { isCut: first < minIndex, isMerged });
  if (!isSound) writeBundle(sql, index, bundle);
  const lost = isMerged ? runs.mend(run, entries.flatMap(fingerprintsOf)) : 0;
  const isTileLost = first + TILE_WIDTH <= treeSize && !isTileFull(sql, index);
  if (isTileLost) keepLeaves(sql, index);
  return !isSound || lost > 0 || isTileLost;
}

function isTileFull(sql: SqlStorage, index: number): boolean {
  return storedTile(sql, 0, index).length === TILE_WIDTH * HASH_BYTES;
}

/** Of a bundle that a pruning has cut, the row is of what was there before: it may span more. */
function isSaying(
  row: Bundle | null,
  { timeMin, timeMax, bytes, ids }: Bundle,
  { isCut, isMerged }: { isCut: boolean; isMerged: boolean },
): boolean {
  if (row === null || !endsWith(row.ids, ids)) return false;
  const isAllIds = row.ids.length === ids.length;
  if (isCut) return row.timeMin <= timeMin && row.timeMax >= timeMax && (isAllIds || !isMerged);
  return row.timeMin === timeMin && row.timeMax === timeMax && row.bytes === bytes && isAllIds;
}

function endsWith(bytes: Uint8Array, end: Uint8Array): boolean {
  const offset = bytes.length - end.length;
  return offset >= 0 && end.every((byte, at) => bytes[offset + at] === byte);
}
