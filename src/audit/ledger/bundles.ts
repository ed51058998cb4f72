/**
 * What each bundle of 256 entries spans in time and bytes, and which ids stand in it: a search skips
 * bundles that have nothing for it, without an index row an entry. Written with the entries, a row for each
 * bundle an append touches.
 */
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import { type EntryIds, fingerprintsOf, mergeRuns, packRecords } from "./id-runs.ts";

export interface BundledEntry extends EntryIds {
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
}

/** Called in the transaction that inserts the entries, which are the log's newest. */
export function recordInBundles(sql: SqlStorage, entries: readonly BundledEntry[]): void {
  for (let from = 0; from < entries.length; ) {
    const index = Math.floor(entries[from]!.seq / TILE_WIDTH);
    const end = (index + 1) * TILE_WIDTH - entries[from]!.seq;
    const added = entries.slice(from, from + end);
    writeBundle(sql, index, extended(readBundle(sql, index), added));
    if (added.at(-1)!.seq === (index + 1) * TILE_WIDTH - 1) mergeRuns(sql, index);
    from += added.length;
  }
}

/** Of entries that are all that the log has of the bundle. */
export function bundleOf(entries: readonly BundledEntry[]): Bundle {
  return extended(null, entries);
}

function extended(before: Bundle | null, added: readonly BundledEntry[]): Bundle {
  let { timeMin, timeMax, bytes } = before ?? { timeMin: "~", timeMax: "", bytes: 0 };
  const records: number[] = [];
  for (const entry of added) {
    if (entry.time < timeMin) timeMin = entry.time;
    if (entry.time > timeMax) timeMax = entry.time;
    bytes += entry.byteLength + 1;
    records.push(...fingerprintsOf(entry));
  }
  return { timeMin, timeMax, bytes, ids: packRecords(records, before?.ids) };
}

export function readBundle(sql: SqlStorage, index: number): Bundle | null {
  const [row] = sql
    .exec("SELECT time_min, time_max, bytes, ids FROM bundles WHERE idx = ?", index)
    .toArray();
  if (row === undefined) return null;
  return {
    timeMin: row["time_min"] as string,
    timeMax: row["time_max"] as string,
    bytes: row["bytes"] as number,
    ids: new Uint8Array(row["ids"] as ArrayBuffer),
  };
}

export function writeBundle(sql: SqlStorage, index: number, bundle: Bundle): void {
  sql.exec(
    `INSERT INTO bundles (idx, time_min, time_max, bytes, ids) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (idx) DO UPDATE SET time_min = excluded.time_min, time_max = excluded.time_max,
       bytes = excluded.bytes, ids = excluded.ids`,
    index,
    bundle.timeMin,
    bundle.timeMax,
    bundle.bytes,
    bundle.ids,
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
  sql.exec(`DELETE FROM id_runs WHERE idx < (SELECT min_index / ${TILE_WIDTH ** 2} FROM log)`);
}
