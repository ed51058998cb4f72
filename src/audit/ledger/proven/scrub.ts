/**
 * The scrubber: walks the whole log in the background, from its first tile to its last entry, and proves all
 * of it as readers have it proven. A slice is one step of the object's alarm; where the next one goes on is in
 * SQL, so that a pass survives restarts. Of pruned entries the tiles are left, and are proven as any.
 */
import type { ScrubState } from "#audit/audit-log.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import { DAY_MS, HOUR_MS } from "#platform/time.ts";
import { type CheckedEntries, checkedEntries } from "./checked-entries.ts";
import { LogContradiction } from "./contradiction.ts";
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
 * Hashes that a slice computes, the unit of its work: about 1,900 entries of 480 bytes, 25 ms. Between slices the
 * object is free for whoever waits.
 */
const SLICE_HASHES_MAX = 6_000;
const SLICE_PAUSE_MS = 200;
const TILE_HASHES = TILE_WIDTH - 1;
const ENTRY_HASHES = 2;
/** Characters that take as long as the call of a hash. */
const HASH_CHARACTERS = 1_000;

const SELECT_SCRUB = `SELECT next_at_ms AS nextAtMs, started_at_ms AS startedAtMs, size, position,
    passed_at_ms AS passedAtMs, passed_size AS passedSize, told_at_ms AS toldAtMs
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
  if (scrub !== null && scrub.nextAtMs <= nowMs + PERIOD_MS) return scrub.nextAtMs;
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
  const checked = checkedEntries(sql, state);
  const end = Math.ceil(pass.size / TILE_WIDTH);
  let at = pass.position;
  for (let hashes = 0; at < end && hashes < SLICE_HASHES_MAX; at += 1) {
    hashes += scrubBundle(checked, at, pass.size);
  }
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
  { treeSize }: LogState,
  nowMs: number,
): { position: number; size: number } | null {
  const scrub = readScrub(sql);
  if (scrub === null || treeSize === 0) return null;
  if (scrub.size !== null) return { position: scrub.position, size: scrub.size };
  if (nowMs < scrub.nextAtMs) return null;
  requireNoneBeyond(sql, treeSize);
  const nextAtMs = nowMs + PERIOD_MS - Math.floor(Math.random() * JITTER_MS);
  sql.exec(
    "UPDATE scrub SET size = ?, position = 0, started_at_ms = ?, next_at_ms = ?",
    treeSize,
    nowMs,
    nextAtMs,
  );
  return { position: 0, size: treeSize };
}

/** Entries come in the transaction in which the log takes them: none can lie beyond. */
function requireNoneBeyond(sql: SqlStorage, treeSize: number): void {
  const [row] = sql.exec("SELECT seq FROM entries WHERE seq >= ? LIMIT 1", treeSize).toArray();
  if (row !== undefined) {
    throw new LogContradiction(`entry ${row["seq"]} was never taken into the log of ${treeSize}`);
  }
}

/** The hashes that it took. */
function scrubBundle(checked: CheckedEntries, index: number, size: number): number {
  const first = index * TILE_WIDTH;
  let hashes = TILE_HASHES;
  for (const { body } of checked.range(first, Math.min(first + TILE_WIDTH, size))) {
    hashes += ENTRY_HASHES + body.length / HASH_CHARACTERS;
  }
  // Where all of it is pruned, no entry asked for the tile.
  if (first < (checked.tree?.size ?? 0)) checked.tree?.hashes(0, index);
  return hashes;
}

/** The latest pass that D1 does not know of. */
export function untoldPass(sql: SqlStorage): number | null {
  const scrub = readScrub(sql);
  return scrub === null || scrub.passedAtMs === scrub.toldAtMs ? null : scrub.passedAtMs;
}

export function markPassTold(sql: SqlStorage, passedAtMs: number): void {
  sql.exec("UPDATE scrub SET told_at_ms = ?", passedAtMs);
}
