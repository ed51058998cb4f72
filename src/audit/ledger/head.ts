/**
 * The ledger's side of signing. It shows its head with proof that this extends what was signed, keeps the
 * newest checkpoint, and closes itself for good when what was signed contradicts what it holds.
 */
import type { ClosedLog } from "#audit/audit-log.ts";
import { readChainEnd } from "#audit/ledger/proven/chain-end.ts";
import { CheckedEntries, requireWhole } from "#audit/ledger/proven/checked-entries.ts";
import { LogContradiction } from "#audit/ledger/proven/contradiction.ts";
import { closedBy, type LogState } from "#audit/ledger/proven/log-state.ts";
import { requireSignedRoot } from "#audit/ledger/proven/proven-tree.ts";
import { treeNodes } from "#audit/ledger/proven/tree.ts";
import { oldestEntry } from "#audit/ledger/times/recorded-times.ts";
import { parseCheckpoint } from "#formats/tlog/checkpoint.ts";
import { isSameHash } from "#formats/tlog/merkle-hash.ts";
import { consistencyProof, treeRoot } from "#formats/tlog/merkle-proof.ts";
import { parseNote } from "#formats/tlog/signed-note.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import { logAlert } from "#platform/log-error.ts";

/** What the signer last signed, as D1 keeps it. */
export interface LastSigned {
  size: number;
  /** Null at size 0. */
  root: Uint8Array | null;
  /** What the ledger once said it holds, signed or not. */
  toldSize: number;
}

export interface NewHead {
  kind: "head";
  size: number;
  root: Uint8Array;
  /** Consistency proof from the signed head. */
  consistency: Uint8Array[];
  /** When the oldest entry that pruning may start with was recorded. */
  oldestAt: string | null;
  /** The log has more entries: the calls in which they are checked were spent. */
  hasMore: boolean;
}

/**
 * Where a signer's checking of the entries that are not signed yet has come to, in calls that follow each
 * other: the ledger itself remembers nothing of it.
 */
export interface HeadChecks {
  /** Entries below were checked by the calls before. */
  from: number;
  /** No call follows: the head is that of what is checked by now, if there is more. */
  isLast: boolean;
}

/**
 * Entries that a call checks, and characters of them: some 100 ms of the object's one thread, in which
 * nothing is appended.
 */
const CHECKED_ENTRIES_MAX = 8_192;
const CHECKED_CHARACTERS_MAX = 8_000_000;

export type HeadAnswer =
  | NewHead
  /** Entries below `to` are what was recorded; there are more. */
  | { kind: "checked"; to: number }
  /** There is nothing to sign beyond the signed head. */
  | { kind: "unchanged"; size: number }
  /** A later checkpoint is published: the signer reads its own record anew. */
  | { kind: "behind"; publishedSize: number }
  | ClosedLog;

/** May freeze the log, and then says so. */
export function headSince(
  sql: SqlStorage,
  state: LogState,
  signed: LastSigned,
  { nowMs, ...checks }: HeadChecks & { nowMs: number },
): HeadAnswer {
  const closed = closedBy(state);
  if (closed !== null) return closed;
  try {
    return provenOrNamed(sql, state, signed, checks);
  } catch (error) {
    if (!(error instanceof LogContradiction)) throw error;
    return freeze(sql, nowMs, error.message);
  }
}

function provenOrNamed(
  sql: SqlStorage,
  state: LogState,
  signed: LastSigned,
  checks: HeadChecks,
): HeadAnswer {
  try {
    return provenHead(sql, state, signed, checks);
  } catch (error) {
    requireWhole(sql, state, Math.floor(signed.size / TILE_WIDTH));
    throw error;
  }
}

function provenHead(
  sql: SqlStorage,
  state: LogState,
  signed: LastSigned,
  { from, isLast }: HeadChecks,
): HeadAnswer {
  const { size } = readChainEnd(sql);
  // What was told, or signed, had been stored by then.
  requireNotSetBack(size, Math.max(signed.size, signed.toldSize));
  if (signed.size < state.publishedSize) {
    return { kind: "behind", publishedSize: state.publishedSize };
  }
  if (signed.root !== null) requireSignedRoot(sql, { size: signed.size, root: signed.root });
  if (signed.size === size) return { kind: "unchanged", size };
  const to = checkUnsigned(sql, state, Math.max(from, signed.size));
  if (to < size && !isLast) return { kind: "checked", to };
  const nodes = treeNodes(sql);
  return {
    kind: "head",
    size: to,
    root: treeRoot(to, nodes),
    consistency: consistencyProof(signed.size, to, nodes),
    oldestAt: oldestEntry(sql)?.latestAt ?? null,
    hasMore: to < size,
  };
}

/**
 * Proves entries from there on against the tree that is about to be signed; returns where it stopped. No
 * head is signed over an entry that is not what was recorded.
 */
function checkUnsigned(sql: SqlStorage, state: LogState, from: number): number {
  const { treeSize: size } = state;
  const tree = { size, root: treeRoot(size, treeNodes(sql)) };
  let characters = 0;
  let to = from;
  const last = Math.min(size, from + CHECKED_ENTRIES_MAX);
  for (const { seq, body } of new CheckedEntries(sql, state, tree).range(from, last)) {
    characters += body.length;
    to = seq + 1;
    if (characters > CHECKED_CHARACTERS_MAX) break;
  }
  return to;
}

export function requireNotSetBack(size: number, known: number): void {
  if (known <= size) return;
  throw new LogContradiction(`the ledger holds ${size} entries and had ${known}: it was set back`);
}

export type PublishAnswer = { kind: "published"; publishedSize: number } | ClosedLog;

/** Keeps the newest of what is published, in whatever order checkpoints arrive. */
export function publish(
  sql: SqlStorage,
  state: LogState,
  note: string,
  nowMs: number,
): PublishAnswer {
  const closed = closedBy(state);
  if (closed !== null) return closed;
  const checkpoint = parseCheckpoint(parseNote(note)?.text ?? "");
  if (checkpoint === null || checkpoint.origin !== state.origin) {
    throw new Error("ledger: not a checkpoint of this log");
  }
  const { size, root } = checkpoint;
  if (size > readChainEnd(sql).size || !isSameHash(treeRoot(size, treeNodes(sql)), root)) {
    return freeze(sql, nowMs, `the checkpoint of size ${size} is not of this ledger's entries`);
  }
  const { publishedSize } = state;
  if (size < publishedSize || (size === publishedSize && !hasMoreSignatures(note, state))) {
    return { kind: "published", publishedSize };
  }
  sql.exec(
    "UPDATE log SET published_size = ?, published_at_ms = ?, checkpoint = ?, told_size = max(told_size, ?)",
    size,
    nowMs,
    note,
    size,
  );
  return { kind: "published", publishedSize: size };
}

/** Of two notes of one size, the one that both keys of a rotation signed stays. */
function hasMoreSignatures(note: string, { checkpoint }: LogState): boolean {
  const count = (text: string | null) => parseNote(text ?? "")?.signatures.length ?? 0;
  return count(note) > count(checkpoint);
}

/**
 * Closes the log for good: what contradicts itself must not grow. Only a proven contradiction comes here;
 * of several reasons, the first one stays.
 */
export function freeze(sql: SqlStorage, nowMs: number, reason: string): ClosedLog {
  const { rowsWritten } = sql.exec(
    "UPDATE log SET frozen_reason = ?, frozen_at_ms = ? WHERE frozen_reason IS NULL",
    reason,
    nowMs,
  );
  const { first, origin } = sql
    .exec<{ first: string; origin: string }>("SELECT frozen_reason AS first, origin FROM log")
    .one();
  if (rowsWritten > 0) logAlert("audit log frozen", { origin, reason });
  return { kind: "frozen", reason: first };
}
