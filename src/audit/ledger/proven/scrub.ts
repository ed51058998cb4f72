/**
 * The scrubber: walks the whole log in the background, from its first tile to its last entry, and proves all
 * of it as readers have it proven, and what is kept beside it by it. A slice is one step of the object's alarm;
 * where the next one goes on is in SQL, so that a pass survives restarts. Of pruned entries the tiles are left,
 * and are proven as any.
 */
import type { ScrubState } from "#audit/audit-log.ts";
import { deleteBundlesBeyond, requireNoneBeyond } from "#audit/ledger/beyond-the-log.ts";
import { ScrubWalk } from "#audit/ledger/scrub-walk.ts";
import { requireOnRecord } from "#audit/ledger/state-on-record.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import { logAlert } from "#platform/log-error.ts";
import { DAY_MS, HOUR_MS } from "#platform/time.ts";
import { closedBy, type LogState } from "./log-state.ts";

/** From one pass' start to the next one's, at most: the jitter is taken off. */
const PERIOD_MS = DAY_MS;
const JITTER_MS = 4 * HOUR_MS;
/**
 * An object that starts was moved, or its machine was down: a pass begins soon, unless the last one has begun a
 * short time ago. A pass reads some 1.2 rows an entry, so this is 60,000 rows an hour.
 */
const AT_START = { withinMs: 30_000, restedMs: HOUR_MS, restedMsPerEntry: 72 };

/**
 * Hashes that a slice computes, the unit of its work: about 1,800 entries of 480 bytes, 70 ms of a busy processor's
 * time. Between slices the object is free for whoever waits.
 */
const SLICE_HASHES_MAX = 6_000;
const SLICE_PAUSE_MS = 200;

const SELECT_SCRUB = `SELECT next_at_ms AS nextAtMs, started_at_ms AS startedAtMs, size, position,
    passed_at_ms AS passedAtMs, passed_size AS passedSize, told_at_ms AS toldAtMs,
    mended_bundles AS mendedBundles, mended_at_ms AS mendedAtMs
  FROM scrub`;

/** Null before the log's first alarm. */
export function readScrub(sql: SqlStorage): ScrubState | null {
  const [row] = sql.exec(SELECT_SCRUB).toArray();
  return (row as unknown as ScrubState | undefined) ?? null;
}

/** When the next slice is due. Null for a log without entries, and for one that is closed. */
export function nextScrubAt(sql: SqlStorage, state: LogState, nowMs: number): number | null {
  if (state.treeSize === 0 || closedBy(state) !== null) return null;
  const scrub = readScrub(sql);
  if (scrub !== null && scrub.size !== null) return nowMs + SLICE_PAUSE_MS;
  // A clock that was ahead and came back must not put the next pass off for as long.
  if (scrub !== null && scrub.nextAtMs <= nowMs + PERIOD_MS) return Math.max(scrub.nextAtMs, nowMs);
  return scrubAt(sql, nowMs + PERIOD_MS - Math.floor(Math.random() * JITTER_MS));
}

/** Called when the object starts. True if a pass is to begin soon for it. */
export function scrubSoon(sql: SqlStorage, { treeSize }: LogState, nowMs: number): boolean {
  const scrub = readScrub(sql);
  if (treeSize === 0 || (scrub !== null && scrub.size !== null)) return false;
  const restedMs = Math.max(AT_START.restedMs, AT_START.restedMsPerEntry * treeSize);
  if (nowMs - (scrub?.startedAtMs ?? 0) < restedMs) return false;
  const atMs = nowMs + Math.floor(Math.random() * AT_START.withinMs);
  if (scrub === null || atMs < scrub.nextAtMs) scrubAt(sql, atMs);
  return true;
}

function scrubAt(sql: SqlStorage, atMs: number): number {
  sql.exec(
    `INSERT INTO scrub (id, next_at_ms) VALUES (1, ?)
     ON CONFLICT (id) DO UPDATE SET next_at_ms = excluded.next_at_ms`,
    atMs,
  );
  return atMs;
}

export type ScrubProgress = "idle" | "more" | "passed";

/** Throws LogContradiction; called in a transaction. */
export function scrubSlice(sql: SqlStorage, state: LogState, nowMs: number): ScrubProgress {
  if (closedBy(state) !== null) return "idle";
  const pass = passUnderWay(sql, state, nowMs);
  if (pass === null) return "idle";
  const walk = new ScrubWalk(sql, state);
  const end = Math.ceil(pass.size / TILE_WIDTH);
  let at = pass.position;
  let mended = at === 0 && deleteBundlesBeyond(sql, state.treeSize) > 0 ? 1 : 0;
  for (let hashes = 0; at < end && hashes < SLICE_HASHES_MAX; at += 1) {
    const bundle = walk.prove(at);
    hashes += bundle.hashes;
    if (walk.mend(at, bundle.entries)) mended += 1;
  }
  if (mended > 0) recordMended(sql, state, mended, nowMs);
  if (at < end) {
    sql.exec("UPDATE scrub SET position = ?", at);
    return "more";
  }
  sql.exec(
    "UPDATE scrub SET size = NULL, position = 0, passed_at_ms = ?, passed_size = ?",
    nowMs,
    pass.size,
  );
  return "passed";
}

/** The one that goes on, or one that begins now; null while none is due. */
function passUnderWay(
  sql: SqlStorage,
  state: LogState,
  nowMs: number,
): { position: number; size: number } | null {
  const { treeSize } = state;
  const scrub = readScrub(sql);
  if (scrub === null || treeSize === 0) return null;
  if (scrub.size !== null) return { position: scrub.position, size: scrub.size };
  if (nowMs < scrub.nextAtMs) return null;
  requireNoneBeyond(sql, treeSize);
  requireOnRecord(sql, state);
  const nextAtMs = nowMs + PERIOD_MS - Math.floor(Math.random() * JITTER_MS);
  sql.exec(
    "UPDATE scrub SET size = ?, position = 0, started_at_ms = ?, next_at_ms = ?",
    treeSize,
    nowMs,
    nextAtMs,
  );
  return { position: 0, size: treeSize };
}

/** Until now a search by time or id may have left out what stands there, so somebody has to hear of it. */
function recordMended(sql: SqlStorage, { origin }: LogState, bundles: number, nowMs: number): void {
  sql.exec(
    "UPDATE scrub SET mended_bundles = mended_bundles + ?, mended_at_ms = ?",
    bundles,
    nowMs,
  );
  logAlert("audit log's index mended", { origin, bundles: String(bundles) });
}

/** The latest pass that D1 does not know of. */
export function untoldPass(sql: SqlStorage): number | null {
  const scrub = readScrub(sql);
  return scrub === null || scrub.passedAtMs === scrub.toldAtMs ? null : scrub.passedAtMs;
}

export function markPassTold(sql: SqlStorage, passedAtMs: number): void {
  sql.exec("UPDATE scrub SET told_at_ms = ?", passedAtMs);
}
