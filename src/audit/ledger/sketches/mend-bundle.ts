/**
 * What a search skips entries by, held to the entries themselves: the bundle's row and, once 256 bundles are
 * merged, the runs of their ids and postings; the actions that there are. Nothing is proven by these, and all of
 * it can be had of entries that are: where they say otherwise they are written anew. So is a full bundle's leaf
 * tile that is gone.
 */

import {
  type Bundle,
  type BundledEntry,
  bundleOf,
  type MadeBundle,
  readBundle,
  writeBundle,
} from "#audit/ledger/bundles.ts";
import type { LogBounds } from "#audit/ledger/proven/checked-entries.ts";
import { keepLeaves, storedTile } from "#audit/ledger/proven/tree.ts";
import { HASH_BYTES } from "#formats/tlog/merkle-hash.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import { fingerprintsOf, MERGED_ENTRIES } from "./id-runs.ts";
import { keepActions } from "./known-actions.ts";
import type { MergedRuns } from "./merged-runs.ts";
import { findPlaces, holdsPlaces, placesOf, readPostings } from "./postings.ts";

const MERGED = new Uint8Array(0);

/**
 * `entries` are all of the bundle that the log has. True if something of it had to be written anew: postings that
 * were never made did not.
 */
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
  const said = bundleOf(index, entries);
  const bundle = isMerged ? { ...said, ids: MERGED, postings: MERGED } : said;
  const row = readBundle(sql, index);
  const hasPostings = row?.postings !== null;
  const isSound = isSaying(row, bundle, { isCut: first < minIndex, isMerged });
  if (!isSound || !hasPostings) writeBundle(sql, index, bundle);
  const lostIds = isMerged ? runs.mendIds(run, entries.flatMap(fingerprintsOf)) : 0;
  const lost = isMerged ? runs.mendPostings(run, readPostings(said.postings)) : 0;
  const unknown = keepActions(sql, new Set(entries.map(({ action }) => action)));
  const isTileLost = first + TILE_WIDTH <= treeSize && !isTileFull(sql, index);
  if (isTileLost) keepLeaves(sql, index);
  return !isSound || lostIds > 0 || (hasPostings && lost > 0) || unknown > 0 || isTileLost;
}

function isTileFull(sql: SqlStorage, index: number): boolean {
  return storedTile(sql, 0, index).length === TILE_WIDTH * HASH_BYTES;
}

/** Of a bundle that a pruning has cut, the row is of what was there before: it may span more. */
function isSaying(
  row: Bundle | null,
  { timeMin, timeMax, bytes, ids, postings }: MadeBundle,
  { isCut, isMerged }: { isCut: boolean; isMerged: boolean },
): boolean {
  if (row === null || !endsWith(row.ids, ids)) return false;
  const isAll = isSameBytes(row.ids, ids) && isSameBytes(row.postings ?? postings, postings);
  if (isCut) {
    const hasAll = isMerged ? isAll : hasPostings(row.postings ?? postings, postings);
    return row.timeMin <= timeMin && row.timeMax >= timeMax && hasAll;
  }
  return row.timeMin === timeMin && row.timeMax === timeMax && row.bytes === bytes && isAll;
}

function endsWith(bytes: Uint8Array, end: Uint8Array): boolean {
  const offset = bytes.length - end.length;
  return offset >= 0 && end.every((byte, at) => bytes[offset + at] === byte);
}

function isSameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && endsWith(one, other);
}

function hasPostings(bytes: Uint8Array, wanted: Uint8Array): boolean {
  return readPostings(wanted).every(({ fingerprint, bundle, bytes: posting }) => {
    const places = findPlaces(bytes, new Set([fingerprint])).get(bundle);
    return places !== undefined && holdsPlaces(places, placesOf(posting));
  });
}
