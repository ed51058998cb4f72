/**
 * The ledger's side of signing. It shows its head with proof that this extends what was signed, keeps the
 * newest checkpoint, and closes itself for good when what was signed contradicts what it holds.
 */
import type { ClosedLog } from "#audit/audit-log.ts";
import { parseCheckpoint } from "#formats/tlog/checkpoint.ts";
import { isSameHash } from "#formats/tlog/merkle-hash.ts";
import { consistencyProof, treeRoot } from "#formats/tlog/merkle-proof.ts";
import { parseNote } from "#formats/tlog/signed-note.ts";
import { closedBy, type LogState, readChainEnd } from "./log-state.ts";
import { oldestEntry } from "./recorded-times.ts";
import { treeNodes } from "./tree.ts";

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
}

export type HeadAnswer =
  | NewHead
  /** There is nothing to sign beyond the signed head. */
  | { kind: "unchanged"; size: number }
  /** A later checkpoint is published: the signer reads its own record anew. */
  | { kind: "behind"; publishedSize: number }
  | ClosedLog;

export function headSince(
  sql: SqlStorage,
  state: LogState,
  signed: LastSigned,
  nowMs: number,
): HeadAnswer {
  const closed = closedBy(state);
  if (closed !== null) return closed;
  const { size } = readChainEnd(sql);
  // What was told, or signed, had been stored by then.
  const known = Math.max(signed.size, signed.toldSize);
  if (known > size) {
    const reason = `the ledger holds ${size} entries and had ${known}: it was set back`;
    return freeze(sql, nowMs, reason);
  }
  if (signed.size < state.publishedSize) {
    return { kind: "behind", publishedSize: state.publishedSize };
  }
  const nodes = treeNodes(sql);
  if (signed.root !== null && !isSameHash(treeRoot(signed.size, nodes), signed.root)) {
    return freeze(
      sql,
      nowMs,
      `the ledger's first ${signed.size} entries are not those that were signed`,
    );
  }
  if (signed.size === size) return { kind: "unchanged", size };
  return {
    kind: "head",
    size,
    root: treeRoot(size, nodes),
    consistency: consistencyProof(signed.size, size, nodes),
    oldestAt: oldestEntry(sql)?.latestAt ?? null,
  };
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
  sql.exec(
    "UPDATE log SET frozen_reason = ?, frozen_at_ms = ? WHERE frozen_reason IS NULL",
    reason,
    nowMs,
  );
  const { first } = sql.exec<{ first: string }>("SELECT frozen_reason AS first FROM log").one();
  return { kind: "frozen", reason: first };
}
