import type { LogStatus } from "#audit/audit-log.ts";
import { encodeHex } from "#formats/hex.ts";
import type { ChainEnd } from "./chain-end.ts";
import type { LogState } from "./log-state.ts";
import { countActiveHolds } from "./pruning.ts";
import { readScrub } from "./scrub.ts";

/** `end` is null where the last entry is not what was recorded: its hash is not told then. */
export function readStatus(sql: SqlStorage, state: LogState, end: ChainEnd | null): LogStatus {
  const { origin, treeSize, minIndex, publishedSize, publishedAtMs, checkpoint } = state;
  const { frozenReason, frozenAtMs, successor } = state;
  return {
    origin,
    treeSize,
    head: end === null || treeSize === 0 ? null : headOf(end),
    minIndex,
    publishedSize,
    publishedAtMs,
    checkpoint,
    frozenReason,
    frozenAtMs,
    successor,
    holds: countActiveHolds(sql),
    scrub: readScrub(sql),
  };
}

function headOf({ size, headHash }: ChainEnd): { seq: number; hash: string } {
  return { seq: size - 1, hash: encodeHex(headHash) };
}
