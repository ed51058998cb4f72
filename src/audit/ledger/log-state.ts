/** The ledger's one row about itself, and where its chain ends. Read anew each time: memory holds no figure. */
import type { ClosedLog, LogAddress } from "#audit/audit-log.ts";
import { HASH_BYTES } from "#formats/tlog/merkle-hash.ts";

export interface LogState {
  org: string;
  number: number;
  shard: string;
  origin: string;
  minIndex: number;
  pruneTo: number | null;
  pruneEntry: number | null;
  toldSize: number;
  publishedSize: number;
  publishedAtMs: number | null;
  checkpoint: string | null;
  frozenReason: string | null;
  frozenAtMs: number | null;
  successor: number | null;
}

const SELECT_STATE = `SELECT org, number, shard, origin, min_index AS minIndex, prune_to AS pruneTo,
    prune_entry AS pruneEntry, told_size AS toldSize, published_size AS publishedSize,
    published_at_ms AS publishedAtMs, checkpoint, frozen_reason AS frozenReason,
    frozen_at_ms AS frozenAtMs, successor
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

export function closedBy(state: LogState): ClosedLog | null {
  if (state.successor !== null) return { kind: "succeeded", successor: state.successor };
  if (state.frozenReason !== null) return { kind: "frozen", reason: state.frozenReason };
  return null;
}

/** The hash that the first entry names as the one before it. */
const GENESIS = new Uint8Array(HASH_BYTES);

export interface ChainEnd {
  size: number;
  headHash: Uint8Array;
  /** RFC 3339; times of record fall only where a clock was corrected (recorded-times.ts). */
  lastRecordedAt: string;
}

const SELECT_END = `SELECT seq, hash, recorded_at FROM entries
  WHERE seq < (SELECT tree_size FROM log) ORDER BY seq DESC LIMIT 1`;

export function readChainEnd(sql: SqlStorage): ChainEnd {
  const [row] = sql.exec(SELECT_END).toArray();
  if (row === undefined) return { size: 0, headHash: GENESIS, lastRecordedAt: "" };
  return {
    size: (row["seq"] as number) + 1,
    headHash: new Uint8Array(row["hash"] as ArrayBuffer),
    lastRecordedAt: row["recorded_at"] as string,
  };
}
