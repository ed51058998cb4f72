/** Where the chain ends: what the next entry follows. */
import { ENTRY_COLUMNS, hashedEntry, storedEntry } from "./checked-entries.ts";
import { LogContradiction } from "./contradiction.ts";
import { GENESIS } from "./log-state.ts";

export interface ChainEnd {
  size: number;
  headHash: Uint8Array;
  /** RFC 3339; times of record fall only where a clock was corrected (recorded-times.ts). */
  lastRecordedAt: string;
}

const SELECT_END = `SELECT ${ENTRY_COLUMNS}, recorded_at, tree_size
  FROM log LEFT JOIN entries ON seq = tree_size - 1`;

/** Of the last entry that the log has taken, which has to be there and be what was recorded. */
export function readChainEnd(sql: SqlStorage): ChainEnd {
  const [row] = sql.exec(SELECT_END).toArray();
  const size = (row?.["tree_size"] as number | undefined) ?? 0;
  if (row === undefined || size === 0) return { size, headHash: GENESIS, lastRecordedAt: "" };
  if (row["body"] === null) throw new LogContradiction(`entry ${size - 1} is missing`);
  const { hash } = hashedEntry(storedEntry(row));
  return { size, headHash: hash, lastRecordedAt: row["recorded_at"] as string };
}
