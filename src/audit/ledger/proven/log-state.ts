/** The ledger's one row about itself. Read anew each time: memory holds no figure. */
import type { ClosedLog, LogAddress } from "#audit/audit-log.ts";
import { parseCheckpoint } from "#formats/tlog/checkpoint.ts";
import { HASH_BYTES } from "#formats/tlog/merkle-hash.ts";
import { parseNote } from "#formats/tlog/signed-note.ts";
import { LogContradiction } from "./contradiction.ts";
import type { SignedTree } from "./proven-tree.ts";

export interface LogState {
  org: string;
  number: number;
  shard: string;
  origin: string;
  /** Entries that the log has taken: the last ones of them may be gone, which is a contradiction. */
  treeSize: number;
  minIndex: number;
  pruneTo: number | null;
  pruneEntry: number | null;
  toldSize: number;
  publishedSize: number;
  publishedAtMs: number | null;
  checkpoint: string | null;
  frozenReason: string | null;
  frozenAtMs: number | null;
  /** 1 once D1 knows that it is frozen. */
  toldFrozen: 0 | 1;
  successor: number | null;
}

const SELECT_STATE = `SELECT org, number, shard, origin, tree_size AS treeSize,
    min_index AS minIndex, prune_to AS pruneTo,
    prune_entry AS pruneEntry, told_size AS toldSize, published_size AS publishedSize,
    published_at_ms AS publishedAtMs, checkpoint, frozen_reason AS frozenReason,
    frozen_at_ms AS frozenAtMs, told_frozen AS toldFrozen, successor
  FROM log`;

/** Null before the first call that may write, which makes the row. */
export function readState(sql: SqlStorage): LogState | null {
  const [row] = sql.exec(SELECT_STATE).toArray();
  return (row as unknown as LogState | undefined) ?? null;
}

/**
 * The row, made at the first call that may write. A later call may name another shard, for an org can move;
 * another org or log number is a mistake of ours that must not write.
 */
export function openLog(sql: SqlStorage, address: LogAddress, origin: string): LogState {
  const state = readState(sql);
  if (state === null) {
    const { org, log, shard } = address;
    const row = [org, log, shard, origin];
    sql.exec("INSERT INTO log (id, org, number, shard, origin) VALUES (1, ?, ?, ?, ?)", ...row);
    return openLog(sql, address, origin);
  }
  if (state.org !== address.org || state.number !== address.log) {
    throw new Error("ledger: addressed as another log");
  }
  if (state.shard === address.shard) return state;
  sql.exec("UPDATE log SET shard = ?", address.shard);
  return { ...state, shard: address.shard };
}

/** Null before the first checkpoint. */
export function publishedTree({ checkpoint, publishedSize }: LogState): SignedTree | null {
  if (checkpoint === null) return null;
  const said = parseCheckpoint(parseNote(checkpoint)?.text ?? "");
  if (said?.size === publishedSize) return said;
  throw new LogContradiction(`the checkpoint is not of size ${publishedSize}`);
}

export function closedBy(state: LogState): ClosedLog | null {
  if (state.successor !== null) return { kind: "succeeded", successor: state.successor };
  if (state.frozenReason !== null) return { kind: "frozen", reason: state.frozenReason };
  return null;
}

/** The hash that the first entry names as the one before it. */
export const GENESIS = new Uint8Array(HASH_BYTES);
