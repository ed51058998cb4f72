/** A log's state on the wire. */
import {
  type LogAddress,
  type LogStatus,
  logOrigin,
  type RetentionRange,
  type ScrubState,
} from "#audit/audit-log.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import { deletionJson } from "#orgs/http/deletion-json.ts";
import type { ClockState } from "#platform/steady-clock.ts";
import type { LogStatusJson, ScrubJson } from "./log-json.ts";

/** What is known of a log outside of its ledger. */
interface Surroundings {
  shardClock: ClockState | null;
  /** The setting that keeps it from being signed. */
  misconfigured: string | null;
  /** The setting that its current key derives from. */
  seed: string;
  removableSeeds: string[];
  /** In force now. */
  auditDays: number;
}

/** `status` is null for a log without an entry. */
export function statusJson(
  host: string,
  address: LogAddress,
  status: LogStatus | null,
  { shardClock, misconfigured, seed, removableSeeds, auditDays }: Surroundings,
): LogStatusJson {
  const { treeSize, publishedSize, frozenReason, ...log } = status ?? NO_ENTRIES;
  const signedAt = timeOrNull(log.publishedAtMs);
  return {
    origin: logOrigin(host, address),
    log: address.log,
    tree_size: treeSize,
    head: log.head,
    checkpoint: signedAt === null ? null : { size: publishedSize, signed_at: signedAt },
    unsigned_entries: treeSize - publishedSize,
    unsigned_since: log.unsignedSince,
    minimum_index: log.minIndex,
    frozen: frozenReason !== null,
    frozen_reason: frozenReason,
    frozen_at: timeOrNull(log.frozenAtMs),
    successor: log.successor,
    misconfigured,
    seed,
    removable_seeds: removableSeeds,
    holds: log.holds,
    recorded_ahead_until: log.recordedAheadUntil,
    deletion: deletionJson(shardClock, log.deletionWaitsUntilMs),
    retention: retentionJson(auditDays, log.retentionRanges),
    scrub: scrubJson(log.scrub, { isFrozen: frozenReason !== null }),
  };
}

const NO_ENTRIES: Omit<LogStatus, "origin" | "checkpoint"> = {
  treeSize: 0,
  head: null,
  minIndex: 0,
  publishedSize: 0,
  publishedAtMs: null,
  unsignedSince: null,
  frozenReason: null,
  frozenAtMs: null,
  successor: null,
  holds: 0,
  recordedAheadUntil: null,
  deletionWaitsUntilMs: null,
  retentionRanges: [],
  scrub: null,
};

function retentionJson(
  days: number,
  ranges: readonly RetentionRange[],
): LogStatusJson["retention"] {
  return { days, ranges: ranges.map((range) => ({ from_seq: range.fromSeq, days: range.days })) };
}

const NO_PASS: ScrubJson = {
  last_full_pass: null,
  pass_under_way: null,
  next_pass_at: null,
  mended: null,
};

function scrubJson(scrub: ScrubState | null, { isFrozen }: { isFrozen: boolean }): ScrubJson {
  if (scrub === null) return NO_PASS;
  const { passedAtMs, passedSize, startedAtMs, size, position, nextAtMs } = scrub;
  const completedAt = timeOrNull(passedAtMs);
  const startedAt = timeOrNull(startedAtMs);
  const mendedAt = timeOrNull(scrub.mendedAtMs);
  const isUnderWay = startedAt !== null && size !== null && !isFrozen;
  return {
    last_full_pass:
      completedAt === null ? null : { completed_at: completedAt, size: passedSize ?? 0 },
    pass_under_way: isUnderWay
      ? { started_at: startedAt, position: Math.min(position * TILE_WIDTH, size), size }
      : null,
    next_pass_at: isFrozen ? null : formatTimestamp(nextAtMs),
    mended: mendedAt === null ? null : { bundles: scrub.mendedBundles, last_at: mendedAt },
  };
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : formatTimestamp(ms);
}
