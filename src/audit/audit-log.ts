/** A log: the chain and tree of one org's entries, from its first one to its freezing, if ever. */

/** Where a log is, and whose D1 row speaks of it. */
export interface LogAddress {
  org: string;
  /** 1, then one more for each recovery. */
  log: number;
  /** Binding of the org's database. */
  shard: string;
}

/** C2SP checkpoint origin and key name: schema-less, and the same for the log's whole life. */
export function logOrigin(host: string, { org, log }: Pick<LogAddress, "org" | "log">): string {
  return `${host}/v1/orgs/${org}/audit/${logPath(log)}`;
}

export function logPath(log: number): string {
  return log === 1 ? "log" : `log-${log}`;
}

/** An entry as readers get it: the hashed bytes as text, and the hashes in hex. */
export interface LogEntry {
  seq: number;
  hash: string;
  previousHash: string;
  body: string;
}

export interface Receipt {
  seq: number;
  event_id: string;
  hash: string;
  previous_hash: string;
}

/** A closed log takes no entries: frozen by a contradiction, or succeeded by another. */
export type ClosedLog =
  | { kind: "frozen"; reason: string }
  | { kind: "succeeded"; successor: number };

export type AppendResult =
  | { kind: "appended"; receipts: Receipt[] }
  /** An event's id is taken by another event; `index` is the event's place in the request. */
  | { kind: "conflict"; index: number }
  | { kind: "too_large"; index: number }
  /** What room is left is for entries of our own (log-room.ts). */
  | { kind: "full" }
  | ClosedLog;

export type PlaceHoldResult =
  | AppendResult
  /** So many as may be are in force: HOLDS_IN_FORCE_MAX. */
  | { kind: "too_many_holds" };

/**
 * The entry that opens a successor names those in force, 37 bytes each: 37 KB of the 65,535 bytes that an
 * entry may have.
 */
export const HOLDS_IN_FORCE_MAX = 1_000;

export interface LogStatus {
  origin: string;
  treeSize: number;
  /** Null while the log is empty. */
  head: { seq: number; hash: string } | null;
  minIndex: number;
  publishedSize: number;
  publishedAtMs: number | null;
  /** RFC 3339, by the first entry behind the published head; null where all are under it. */
  unsignedSince: string | null;
  checkpoint: string | null;
  frozenReason: string | null;
  frozenAtMs: number | null;
  successor: number | null;
  holds: number;
  /** RFC 3339: entries carry this time until the clock, which was ahead, has come to it; null: their own. */
  recordedAheadUntil: string | null;
  /** Null where no deletion waits for the ledger's clock. */
  deletionWaitsUntilMs: number | null;
  retentionRanges: RetentionRange[];
  /** Null before the log's first alarm. */
  scrub: ScrubState | null;
}

/** Entries from `fromSeq` to the next range are kept so many days, or as many as are in force if more. */
export interface RetentionRange {
  fromSeq: number;
  days: number;
}

/** How far the log was proven anew, in the background. */
export interface ScrubState {
  nextAtMs: number;
  startedAtMs: number | null;
  /** Of the log when the pass under way began; null between passes. */
  size: number | null;
  /** Bundles of 256 below are proven by the pass under way. */
  position: number;
  passedAtMs: number | null;
  passedSize: number | null;
  /** Which `passedAtMs` D1 knows of. */
  toldAtMs: number | null;
  /** Bundles that did not say what their entries say, and were written anew; and when the last one was. */
  mendedBundles: number;
  mendedAtMs: number | null;
}

export interface LegalHold {
  id: string;
  reason: string;
  placedBy: string;
  placedAtMs: number;
  releasedBy: string | null;
  releasedAtMs: number | null;
}
