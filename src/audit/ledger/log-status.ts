import type { LogStatus } from "#audit/audit-log.ts";
import type { ChainEnd } from "#audit/ledger/proven/chain-end.ts";
import type { LogState } from "#audit/ledger/proven/log-state.ts";
import { readScrub } from "#audit/ledger/proven/scrub.ts";
import { deletionWaitsUntilMs } from "#audit/ledger/times/ledger-clock.ts";
import { aheadUntil } from "#audit/ledger/times/recorded-times.ts";
import { findRetentionRanges } from "#audit/ledger/times/retention-ranges.ts";
import { encodeHex } from "#formats/hex.ts";
import { countActiveHolds } from "./pruning.ts";

/** `end` is null where the last entry is not what was recorded: its hash is not told then. */
export function readStatus(
  sql: SqlStorage,
  state: LogState,
  end: ChainEnd | null,
  nowMs: number,
): LogStatus {
  const { origin, treeSize, minIndex, publishedSize, publishedAtMs, checkpoint } = state;
  const { frozenReason, frozenAtMs, successor } = state;
  return {
    origin,
    treeSize,
    head: end === null || treeSize === 0 ? null : headOf(end),
    minIndex,
    publishedSize,
    publishedAtMs,
    unsignedSince: unsignedSince(sql, state),
    checkpoint,
    frozenReason,
    frozenAtMs,
    successor,
    holds: countActiveHolds(sql),
    recordedAheadUntil: aheadUntil(end?.lastRecordedAt ?? "", nowMs),
    deletionWaitsUntilMs: deletionWaitsUntilMs(sql),
    retentionRanges: findRetentionRanges(sql),
    scrub: readScrub(sql),
  };
}

/** By that entry's own word, which nobody has proven yet: it tells how long one waits, and is no evidence. */
function unsignedSince(sql: SqlStorage, { publishedSize, treeSize }: LogState): string | null {
  if (publishedSize >= treeSize) return null;
  const query =
    "SELECT iif(json_valid(body), recorded_at, NULL) AS since FROM entries WHERE seq = ?";
  const [row] = sql.exec<{ since: string | null }>(query, publishedSize).toArray();
  return row?.since ?? null;
}

function headOf({ size, headHash }: ChainEnd): { seq: number; hash: string } {
  return { seq: size - 1, hash: encodeHex(headHash) };
}
