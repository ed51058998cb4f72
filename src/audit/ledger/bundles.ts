/**
 * What each bundle of 256 entries spans in time and bytes, and which ids and values stand in it: a search skips
 * entries that are nothing to it, without an index row an entry. Written with the entries, a row for each
 * bundle an append touches.
 */

import {
  type EntryIds,
  fingerprintsOf,
  MERGED_ENTRIES,
  mergeIds,
  packRecords,
} from "#audit/ledger/sketches/id-runs.ts";
import { mergePostings } from "#audit/ledger/sketches/posting-runs.ts";
import { BundlePostings, type EntryValues } from "#audit/ledger/sketches/postings.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";

export interface BundledEntry extends EntryIds, EntryValues {
  seq: number;
  /** RFC 3339: when the event occurred, else when it was recorded. */
  time: string;
  byteLength: number;
}

export interface Bundle {
  timeMin: string;
  timeMax: string;
  /** Bytes of the bodies, with a line end each. */
  bytes: number;
  ids: Uint8Array;
  /** Null in a log from before there were any: until the scrubber has made them, any of its entries is proposed. */
  postings: Uint8Array | null;
}

/** Called in the transaction that inserts the entries, which are the log's newest. */
export function recordInBundles(sql: SqlStorage, entries: readonly BundledEntry[]): void {
  for (let from = 0; from < entries.length; ) {
    const index = Math.floor(entries[from]!.seq / TILE_WIDTH);
    const end = (index + 1) * TILE_WIDTH - entries[from]!.seq;
    const added = entries.slice(from, from + end);
    writeBundle(sql, index, extended(index, readBundle(sql, index), added));
    if ((added.at(-1)!.seq + 1) % MERGED_ENTRIES === 0) mergeRun(sql, added.at(-1)!.seq);
    from += added.length;
  }
}

/** Once the last of 256 bundles is full. */
function mergeRun(sql: SqlStorage, lastSeq: number): void {
  const run = Math.floor(lastSeq / MERGED_ENTRIES);
  mergeIds(sql, run);
  mergePostings(sql, run);
  sql.exec(
    `UPDATE bundles SET ids = x'', postings = iif(postings IS NULL, NULL, x'')
     WHERE idx BETWEEN ? AND ?`,
    run * TILE_WIDTH,
    (run + 1) * TILE_WIDTH - 1,
  );
}

/** Of entries that are all that the log has of the bundle. */
export function bundleOf(index: number, entries: readonly BundledEntry[]): MadeBundle {
  return extended(index, null, entries);
}

export type MadeBundle = Bundle & { postings: Uint8Array };

function extended<Before extends Bundle | null>(
  index: number,
  before: Before,
  added: readonly BundledEntry[],
): Before extends null ? MadeBundle : Bundle;
function extended(index: number, before: Bundle | null, added: readonly BundledEntry[]): Bundle {
  let { timeMin, timeMax, bytes } = before ?? { timeMin: "~", timeMax: "", bytes: 0 };
  const records: number[] = [];
  const postings = new BundlePostings(index, before?.postings ?? undefined);
  for (const entry of added) {
    if (entry.time < timeMin) timeMin = entry.time;
    if (entry.time > timeMax) timeMax = entry.time;
    bytes += entry.byteLength + 1;
    records.push(...fingerprintsOf(entry));
    postings.add(entry);
  }
  return {
    timeMin,
    timeMax,
    bytes,
    ids: packRecords(records, before?.ids),
    postings: before?.postings === null ? null : postings.pack(),
  };
}

export function readBundle(sql: SqlStorage, index: number): Bundle | null {
  const [row] = sql
    .exec("SELECT time_min, time_max, bytes, ids, postings FROM bundles WHERE idx = ?", index)
    .toArray();
  if (row === undefined) return null;
  return {
    timeMin: row["time_min"] as string,
    timeMax: row["time_max"] as string,
    bytes: row["bytes"] as number,
    ids: new Uint8Array(row["ids"] as ArrayBuffer),
    postings: row["postings"] === null ? null : new Uint8Array(row["postings"] as ArrayBuffer),
  };
}

export function writeBundle(sql: SqlStorage, index: number, bundle: Bundle): void {
  sql.exec(
    `INSERT INTO bundles (idx, time_min, time_max, bytes, ids, postings) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (idx) DO UPDATE SET time_min = excluded.time_min, time_max = excluded.time_max,
       bytes = excluded.bytes, ids = excluded.ids, postings = excluded.postings`,
    index,
    bundle.timeMin,
    bundle.timeMax,
    bundle.bytes,
    bundle.ids,
    bundle.postings,
  );
}

/** Seqs in [low, high) that may hold an entry of [from, to): either end may be open. */
export function seqsBetween(
  sql: SqlStorage,
  { from, to }: { from: string | null; to: string | null },
): { low: number; high: number } {
  const first = from === null ? 0 : indexBy(sql, "time_max >= ? ORDER BY idx", from);
  const last = to === null ? null : indexBy(sql, "time_min < ? ORDER BY idx DESC", to);
  return {
    low: first === null ? Number.MAX_SAFE_INTEGER : first * TILE_WIDTH,
    high: to === null ? Number.MAX_SAFE_INTEGER : ((last ?? -1) + 1) * TILE_WIDTH,
  };
}

function indexBy(sql: SqlStorage, condition: string, time: string): number | null {
  const [row] = sql.exec(`SELECT idx FROM bundles WHERE ${condition} LIMIT 1`, time).toArray();
  return (row?.["idx"] as number | undefined) ?? null;
}

/** By the key: each alarm asks, a scrubber's slice too. */
export function deletePrunedBundles(sql: SqlStorage): void {
  sql.exec(`DELETE FROM bundles WHERE idx < (SELECT min_index / ${TILE_WIDTH} FROM log)`);
  for (const runs of ["id_runs", "posting_runs"]) {
    sql.exec(`DELETE FROM ${runs} WHERE idx < (SELECT min_index / ${MERGED_ENTRIES} FROM log)`);
  }
}
