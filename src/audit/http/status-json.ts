/** A log's state on the wire. */
import { type LogAddress, type LogStatus, logOrigin, type ScrubState } from "#audit/audit-log.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import type { LogStatusJson, ScrubJson } from "./log-json.ts";

/** `status` is null for a log without an entry. */
export function statusJson(
  host: string,
  address: LogAddress,
  status: LogStatus | null,
): LogStatusJson {
  const { treeSize = 0, publishedAtMs = null, publishedSize = 0 } = status ?? {};
  const { frozenReason = null, frozenAtMs = null } = status ?? {};
  const signedAt = timeOrNull(publishedAtMs);
  return {
    origin: logOrigin(host, address),
    log: address.log,
    tree_size: treeSize,
    head: status?.head ?? null,
    checkpoint: signedAt === null ? null : { size: publishedSize, signed_at: signedAt },
    unsigned_entries: treeSize - publishedSize,
    minimum_index: status?.minIndex ?? 0,
    frozen: frozenReason !== null,
    frozen_reason: frozenReason,
    frozen_at: timeOrNull(frozenAtMs),
    successor: status?.successor ?? null,
    holds: status?.holds ?? 0,
    scrub: scrubJson(status?.scrub ?? null, { isFrozen: frozenReason !== null }),
  };
}

function scrubJson(scrub: ScrubState | null, { isFrozen }: { isFrozen: boolean }): ScrubJson {
  if (scrub === null) return { last_full_pass: null, pass_under_way: null, next_pass_at: null };
  const { passedAtMs, passedSize, startedAtMs, size, position, nextAtMs } = scrub;
  const completedAt = timeOrNull(passedAtMs);
  const startedAt = timeOrNull(startedAtMs);
  const isUnderWay = startedAt !== null && size !== null && !isFrozen;
  return {
    last_full_pass:
      completedAt === null ? null : { completed_at: completedAt, size: passedSize ?? 0 },
    pass_under_way: isUnderWay
      ? { started_at: startedAt, position: Math.min(position * TILE_WIDTH, size), size }
      : null,
    next_pass_at: isFrozen ? null : formatTimestamp(nextAtMs),
  };
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : formatTimestamp(ms);
}
