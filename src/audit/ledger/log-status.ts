import type { LogStatus } from "#audit/audit-log.ts";
import { encodeHex } from "#formats/hex.ts";
import { deletionWaitsUntilMs } from "./ledger-clock.ts";
import { type LogState, readChainEnd } from "./log-state.ts";
import { countActiveHolds } from "./pruning.ts";
import { aheadUntil } from "./recorded-times.ts";
import { findRetentionRanges } from "./retention-ranges.ts";

export function readStatus(sql: SqlStorage, state: LogState, nowMs: number): LogStatus {
  const { size, headHash, lastRecordedAt } = readChainEnd(sql);
  const { origin, minIndex, publishedSize, publishedAtMs, checkpoint } = state;
  const { frozenReason, frozenAtMs, successor } = state;
  return {
    origin,
    treeSize: size,
    head: size === 0 ? null : { seq: size - 1, hash: encodeHex(headHash) },
    minIndex,
    publishedSize,
    publishedAtMs,
    checkpoint,
    frozenReason,
    frozenAtMs,
    successor,
    holds: countActiveHolds(sql),
    recordedAheadUntil: aheadUntil(lastRecordedAt, nowMs),
    deletionWaitsUntilMs: deletionWaitsUntilMs(sql),
    retentionRanges: findRetentionRanges(sql),
  };
}
