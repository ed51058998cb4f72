/**
 * Where request, trace and invocation ids stand in the log. They are random, so an index over them would
 * dirty a page of the database for each entry: a third of an append's time (measured). Instead a bundle of
 * 256 entries keeps fingerprints of its ids, and those of 256 bundles are merged into runs that are sorted
 * and cut by the fingerprint's first byte. An id is looked up in a row for each 65,536 entries, and in the
 * bundles since, 256 at most, whatever the log's size.
 *
 * Two ids may share a fingerprint: that proposes an entry too many, never one too few, and what a search
 * returns is judged by its bytes.
 */
import type { EntryOrder } from "#audit/entry-filter.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import { bigEndian, fingerprint } from "./fingerprint.ts";

export const MERGED_ENTRIES = TILE_WIDTH ** 2;
const PARTS = 256;

/**
 * A record in a blob: the fingerprint's 4 bytes, then 2 of the entry's place within its 65,536, big-endian.
 */
const RECORD_BYTES = 6;
/**
 * A record as a number, below 2^48: the fingerprint times this, plus the place. So records sort as numbers.
 */
const PLACES = MERGED_ENTRIES;

/** Where the hash of each column's ids begins: apart, so that no id is looked up as another column's. */
const HASH_STARTS = {
  request_id: 0x811c9dc5,
  trace_id: 0x050c5d1f,
  invocation_id: 0x9e3779b1,
} as const;

export type IdColumn = keyof typeof HASH_STARTS;

/** The ids by which an entry is looked up, as the entry names them. */
export interface EntryIds {
  requestId: string | null;
  traceId: string | null;
  invocationId: string | null;
}

export function fingerprintsOf(entry: EntryIds & { seq: number }): number[] {
  const place = entry.seq % PLACES;
  const { requestId, traceId, invocationId } = entry;
  const records: number[] = [];
  const note = (start: number, id: string) => records.push(fingerprint(start, id) * PLACES + place);
  if (requestId !== null) note(HASH_STARTS.request_id, requestId);
  if (traceId !== null) note(HASH_STARTS.trace_id, traceId);
  if (invocationId !== null) note(HASH_STARTS.invocation_id, invocationId);
  return records;
}

export function packRecords(
  records: ArrayLike<number>,
  before: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const bytes = new Uint8Array(before.length + records.length * RECORD_BYTES);
  bytes.set(before);
  const view = new DataView(bytes.buffer, before.length);
  for (let index = 0; index < records.length; index += 1) {
    const record = records[index]!;
    view.setUint32(index * RECORD_BYTES, Math.floor(record / PLACES));
    view.setUint16(index * RECORD_BYTES + 4, record % PLACES);
  }
  return bytes;
}

/** Merges the records of 256 full bundles into the sorted runs of 65,536 entries: those of that number. */
export function mergeIds(sql: SqlStorage, run: number): void {
  const range = [run * TILE_WIDTH, (run + 1) * TILE_WIDTH - 1] as const;
  const parts: number[][] = Array.from({ length: PARTS }, () => []);
  for (const { ids } of sql.exec<{ ids: ArrayBuffer }>(SELECT_BUNDLES, ...range)) {
    const view = new DataView(ids);
    for (let at = 0; at < view.byteLength; at += RECORD_BYTES) {
      parts[view.getUint8(at)]!.push(view.getUint32(at) * PLACES + view.getUint16(at + 4));
    }
  }
  for (const [part, records] of parts.entries()) {
    if (records.length === 0) continue;
    const ids = packRecords(Float64Array.from(records).sort());
    sql.exec("INSERT INTO id_runs (idx, part, ids) VALUES (?, ?, ?)", run, part, ids);
  }
}

const SELECT_BUNDLES =
  "SELECT idx, ids FROM bundles WHERE idx BETWEEN ? AND ? AND octet_length(ids) > 0";

/** Seqs in [low, high) of entries that may have the id, in the order asked, each once. */
export function* seqsWithId(
  sql: SqlStorage,
  { column, id }: { column: IdColumn; id: string },
  { low, high, treeSize }: SearchedRange,
  order: EntryOrder = "desc",
): Generator<number> {
  const wanted = fingerprint(HASH_STARTS[column], id);
  let last = -1;
  for (const { idx, places } of runsWith(sql, wanted, { low, high, treeSize }, order)) {
    for (const place of order === "desc" ? places.reverse() : places) {
      const seq = idx * MERGED_ENTRIES + place;
      // An entry whose ids share a fingerprint has two records, side by side in both kinds of run.
      if (seq < low || seq >= high || seq === last) continue;
      last = seq;
      yield seq;
    }
  }
}

/** Seqs in [low, high). */
export interface SearchedRange {
  low: number;
  high: number;
  /** Of the log: whole runs below are merged. */
  treeSize: number;
}

interface RunPlaces {
  /** Counts 65,536 entries each. */
  idx: number;
  places: number[];
}

/** The places of the fingerprint, run by run: what is merged is older than what is not. */
function* runsWith(
  sql: SqlStorage,
  wanted: number,
  range: SearchedRange,
  order: EntryOrder,
): Generator<RunPlaces> {
  const since = range.treeSize - (range.treeSize % MERGED_ENTRIES);
  const unmerged = { ...range, low: Math.max(range.low, since) };
  if (order === "asc") yield* mergedWith(sql, wanted, range, order);
  yield* bundlesWith(sql, wanted, unmerged, order);
  if (order === "desc") yield* mergedWith(sql, wanted, range, order);
}

function within({ low, high }: { low: number; high: number }, entries: number): [number, number] {
  return [Math.floor(low / entries), Math.floor(high / entries)];
}

/** The records of a bundle are not sorted, for it grows. SQLite passes over bundles that lack the bytes. */
function* bundlesWith(
  sql: SqlStorage,
  wanted: number,
  range: { low: number; high: number },
  order: EntryOrder,
): Generator<RunPlaces> {
  const bundles = sql.exec<{ idx: number; ids: ArrayBuffer }>(
    `${SELECT_BUNDLES} AND instr(ids, ?) > 0 ORDER BY idx ${order}`,
    ...within(range, TILE_WIDTH),
    bigEndian(wanted),
  );
  for (const { idx, ids } of bundles) {
    yield { idx: Math.floor(idx / TILE_WIDTH), places: placesFrom(new DataView(ids), 0, wanted) };
  }
}

function* mergedWith(
  sql: SqlStorage,
  wanted: number,
  range: { low: number; high: number },
  order: EntryOrder,
): Generator<RunPlaces> {
  const merged = sql.exec<{ idx: number; ids: ArrayBuffer }>(
    `SELECT idx, ids FROM id_runs WHERE part = ? AND idx BETWEEN ? AND ? ORDER BY idx ${order}`,
    Math.floor(wanted / 2 ** 24),
    ...within(range, MERGED_ENTRIES),
  );
  for (const { idx, ids } of merged) {
    const view = new DataView(ids);
    yield {
      idx,
      places: placesFrom(view, firstNotBelow(view, wanted), wanted, { isSorted: true }),
    };
  }
}

/** The part of a run that the record is in: its first byte. */
export function partOf(record: number): number {
  return Math.floor(record / (PLACES * 2 ** 24));
}

/** Whether a search finds the record in its part of a run. */
export function findsRecord(ids: Uint8Array, record: number): boolean {
  if (ids.length % RECORD_BYTES !== 0) return false;
  const view = new DataView(ids.buffer, ids.byteOffset, ids.length);
  const wanted = Math.floor(record / PLACES);
  const first = firstNotBelow(view, wanted);
  return placesFrom(view, first, wanted, { isSorted: true }).includes(record % PLACES);
}

export function recordsOf(ids: Uint8Array): number[] {
  const view = new DataView(ids.buffer, ids.byteOffset, ids.length);
  return Array.from({ length: Math.floor(ids.length / RECORD_BYTES) }, (_, index) => {
    const at = index * RECORD_BYTES;
    return view.getUint32(at) * PLACES + view.getUint16(at + 4);
  });
}

/** Binary search over sorted records. */
function firstNotBelow(view: DataView, wanted: number): number {
  let low = 0;
  let high = view.byteLength / RECORD_BYTES;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (view.getUint32(middle * RECORD_BYTES) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The places of the fingerprint, ascending, as both kinds of run hold them. */
function placesFrom(
  view: DataView,
  first: number,
  wanted: number,
  { isSorted = false } = {},
): number[] {
  const places: number[] = [];
  for (let at = first * RECORD_BYTES; at < view.byteLength; at += RECORD_BYTES) {
    if (view.getUint32(at) === wanted) places.push(view.getUint16(at + 4));
    else if (isSorted) return places;
  }
  return places;
}
