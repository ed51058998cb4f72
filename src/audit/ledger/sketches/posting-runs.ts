/**
 * The postings of a bundle (postings.ts) in its row, and those of 256 bundles merged into a run, cut by the
 * fingerprint's first byte. A value is looked up in a row for each 65,536 entries, and in the bundles since.
 */
import type { EntryOrder } from "#audit/entry-filter.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import { bigEndian } from "./fingerprint.ts";
import { MERGED_ENTRIES, type SearchedRange } from "./id-runs.ts";
import {
  findPlaces,
  keepPlaces,
  type Places,
  type Posting,
  packPostings,
  readPostings,
} from "./postings.ts";

const PARTS = 256;

/** The part of a run that the value is in: its fingerprint's first byte. */
export function partOfValue(fingerprint: number): number {
  return Math.floor(fingerprint / 2 ** 24);
}

/** Merges the postings of 256 full bundles into the run of that number. */
export function mergePostings(sql: SqlStorage, run: number): void {
  const parts: Posting[][] = Array.from({ length: PARTS }, () => []);
  const bundles = sql.exec<{ postings: ArrayBuffer }>(
    "SELECT postings FROM bundles WHERE idx BETWEEN ? AND ? AND postings IS NOT NULL ORDER BY idx",
    ...bundlesOf(run),
  );
  for (const { postings } of bundles) {
    for (const posting of readPostings(new Uint8Array(postings))) {
      parts[partOfValue(posting.fingerprint)]!.push(posting);
    }
  }
  for (const [part, postings] of parts.entries()) {
    if (postings.length === 0) continue;
    sql.exec(
      "INSERT INTO posting_runs (idx, part, postings) VALUES (?, ?, ?)",
      ...[run, part, packPostings(postings)],
    );
  }
}

function bundlesOf(run: number): [number, number] {
  return [run * TILE_WIDTH, (run + 1) * TILE_WIDTH - 1];
}

/** Fingerprints of values that an entry may have, any of them. */
export type WantedValues = ReadonlySet<number>;

export interface FoundBundle {
  index: number;
  /** Null: any, for the bundle's postings are not made yet. */
  places: Places | null;
}

/**
 * Bundles of [low, high) in the order asked, with the places whose entries may have a value of each set: the sets
 * that are soonest looked up come first.
 */
export function* bundlesWith(
  sql: SqlStorage,
  wanted: readonly WantedValues[],
  { low, high, treeSize }: SearchedRange,
  order: EntryOrder,
): Generator<FoundBundle> {
  if (low >= high) return;
  const [first, last] = [Math.floor(low / MERGED_ENTRIES), Math.floor((high - 1) / MERGED_ENTRIES)];
  const ends = [Math.floor(low / TILE_WIDTH), Math.floor((high - 1) / TILE_WIDTH)] as const;
  for (let at = 0; at <= last - first; at += 1) {
    const run = order === "asc" ? first + at : last - at;
    const isMerged = (run + 1) * MERGED_ENTRIES <= treeSize;
    const [from, to] = bundlesOf(run);
    const range = [Math.max(from, ends[0]), Math.min(to, ends[1])] as const;
    if (isMerged) yield* mergedWith(sql, wanted, { run, range }, order);
    else yield* unmergedWith(sql, wanted, range, order);
  }
}

/** SQLite passes over bundles that lack the bytes of a value asked for alone. */
function* unmergedWith(
  sql: SqlStorage,
  wanted: readonly WantedValues[],
  range: readonly [number, number],
  order: EntryOrder,
): Generator<FoundBundle> {
  const alone = wanted.flatMap((values) => (values.size === 1 ? [bigEndian([...values][0]!)] : []));
  const bundles = sql.exec<{ idx: number; postings: ArrayBuffer | null }>(
    `SELECT idx, postings FROM bundles WHERE idx BETWEEN ? AND ?
       AND (postings IS NULL OR (TRUE ${" AND instr(postings, ?) > 0".repeat(alone.length)}))
     ORDER BY idx ${order}`,
    ...range,
    ...alone,
  );
  for (const { idx: index, postings } of bundles) {
    if (postings === null) yield { index, places: null };
    else
      yield* foundIn(
        placesOfAll(wanted, () => [postings]),
        index - (index % TILE_WIDTH),
      );
  }
}

function* mergedWith(
  sql: SqlStorage,
  wanted: readonly WantedValues[],
  { run, range }: { run: number; range: readonly [number, number] },
  order: EntryOrder,
): Generator<FoundBundle> {
  const inRun = placesOfAll(wanted, (values) => partsOf(sql, run, values));
  const found = new Map<number, FoundBundle>();
  for (const bundle of foundIn(inRun, run * TILE_WIDTH)) found.set(bundle.index, bundle);
  for (const bundle of unmade(sql, range)) found.set(bundle.index, bundle);
  const isAsked = ({ index }: FoundBundle) => index >= range[0] && index <= range[1];
  const turn = order === "asc" ? 1 : -1;
  yield* [...found.values()].filter(isAsked).sort((one, other) => turn * (one.index - other.index));
}

function* foundIn(found: ReadonlyMap<number, Places>, first: number): Generator<FoundBundle> {
  for (const [bundle, places] of found) yield { index: first + bundle, places };
}

function* partsOf(sql: SqlStorage, run: number, values: WantedValues): Generator<ArrayBuffer> {
  const rows = sql.exec<{ postings: ArrayBuffer }>(
    `SELECT postings FROM posting_runs
     WHERE idx = ? AND part IN (SELECT value FROM json_each(?))`,
    run,
    JSON.stringify([...new Set(Array.from(values, partOfValue))]),
  );
  for (const { postings } of rows) yield postings;
}

/** Bundles from before there were postings, which the scrubber has not come to yet. */
function unmade(sql: SqlStorage, range: readonly [number, number]): FoundBundle[] {
  const query = "SELECT idx FROM bundles WHERE postings IS NULL AND idx BETWEEN ? AND ?";
  return [...sql.exec<{ idx: number }>(query, ...range)].map(({ idx }) => ({
    index: idx,
    places: null,
  }));
}

/** By bundle within the run, the places that have a value of each set. */
function placesOfAll(
  wanted: readonly WantedValues[],
  blobsOf: (values: WantedValues) => Iterable<ArrayBuffer>,
): Map<number, Places> {
  let found: Map<number, Places> | null = null;
  for (const values of wanted) {
    const places = new Map<number, Places>();
    for (const blob of blobsOf(values)) findPlaces(new Uint8Array(blob), values, places);
    found = found === null ? places : inBoth(found, places);
    if (found.size === 0) break;
  }
  return found ?? new Map();
}

function inBoth(one: Map<number, Places>, other: Map<number, Places>): Map<number, Places> {
  for (const [bundle, places] of one) {
    const kept = other.get(bundle);
    if (kept !== undefined) keepPlaces(places, kept);
    if (kept === undefined || places.every((byte) => byte === 0)) one.delete(bundle);
  }
  return one;
}
