/**
 * Retention. Only a prefix leaves, in three steps that each survive a crash: announce it in an entry
 * that names the last hash and the root before it, have that entry signed, then delete.
 */

import type { AuditEvent } from "#audit/audit-event.ts";
import { HOLDS_IN_FORCE_MAX, type LegalHold } from "#audit/audit-log.ts";
import { readChainEnd } from "#audit/ledger/proven/chain-end.ts";
import { closedBy, type LogState } from "#audit/ledger/proven/log-state.ts";
import { keepLeaves, treeNodes } from "#audit/ledger/proven/tree.ts";
import { maySweep } from "#audit/ledger/times/ledger-clock.ts";
import {
  aheadUntil,
  firstUnexpired,
  oldestEntry,
  recordedAt,
} from "#audit/ledger/times/recorded-times.ts";
import { daysPromisedTo, promisedParts, putBack } from "#audit/ledger/times/retention-ranges.ts";
import { ownEvent } from "#audit/own-event.ts";
import { encodeHex } from "#formats/hex.ts";
import { LEDGER_ACTIONS } from "#formats/ledger/entry.ts";
import { formatTimestamp, parseTimestampMs } from "#formats/rfc3339.ts";
import { treeRoot } from "#formats/tlog/merkle-proof.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import { appendEvents, submittedHash } from "./append.ts";
import { deletePrunedBundles } from "./bundles.ts";
import {
  requireAnnounced,
  requireHolds,
  requirePromises,
  requirePruned,
} from "./state-on-record.ts";

export interface RetentionTerms {
  /** The time of the tick that asks, by which the times below are reckoned. */
  tickMs: number;
  /** RFC 3339: entries recorded before this time have expired, where no more was promised to them. */
  expiredBefore: string;
  /**
   * RFC 3339: an entry recorded before this time leaves even if its bundle of 256 is not full and expired.
   */
  overdueBefore: string;
  /** In force now: so many days before now both times are, or more. */
  auditDays: number;
}

export type PruneAnswer = "announced" | "nothing_to_do" | "held" | "closed" | "clock_unsettled";

export function announcePruning(
  sql: SqlStorage,
  state: LogState,
  terms: RetentionTerms,
  eventId: string,
  nowMs: number,
): PruneAnswer {
  if (closedBy(state) !== null) return "closed";
  if (isHeld(sql, state)) return "held";
  if (state.pruneTo !== null) {
    // Its time may have come since the last checkpoint: the clock was ahead then, or a hold in force.
    beginPruning(sql, state, nowMs);
    return "announced";
  }
  const pruneTo = prefixToPrune(sql, state, byOwnClock(terms, nowMs), formatTimestamp(nowMs));
  if (pruneTo === null) return "nothing_to_do";
  if (!maySweep(sql, nowMs, true)) return "clock_unsettled";
  requirePromises(sql, state);
  // Promises fall from entry to entry: the last one's holds for all of them.
  const keptDays = Math.max(terms.auditDays, daysPromisedTo(sql, pruneTo - 1));
  const event = prunedEvent(sql, state, { pruneTo, keptDays, eventId });
  const result = appendEvents(sql, state, [event], nowMs);
  if (result.kind !== "appended") throw new Error(`ledger: pruning not announced: ${result.kind}`);
  sql.exec(
    "UPDATE log SET prune_to = ?, prune_entry = ?",
    pruneTo,
    result.receipts[0]?.seq ?? null,
  );
  return "announced";
}

/** The end of the prefix to prune: a multiple of 256, unless entries have waited too long for one. */
function prefixToPrune(
  sql: SqlStorage,
  { minIndex }: LogState,
  terms: RetentionTerms,
  now: string,
): number | null {
  const expired = endOfExpired(sql, minIndex, terms, now);
  // An announcement that expires must not be reason enough for another, for ever.
  const oldest = oldestEntry(sql, expired);
  if (oldest === null) return null;
  const wholeBundles = expired - (expired % TILE_WIDTH);
  if (wholeBundles > minIndex) return wholeBundles;
  const { seq, recordedAt, latestAt } = oldest;
  const days = daysPromisedTo(sql, seq);
  const overdueBefore = putBack(terms.overdueBefore, { daysInForce: terms.auditDays, days });
  return (recordedAt > now ? latestAt : recordedAt) < overdueBefore ? expired : null;
}

/** Only a prefix leaves: it ends at the first entry that was promised more time. */
function endOfExpired(
  sql: SqlStorage,
  minIndex: number,
  { expiredBefore, auditDays }: RetentionTerms,
  now: string,
): number {
  let end = minIndex;
  for (const { days, ...part } of promisedParts(sql, minIndex, readChainEnd(sql).size)) {
    const before = putBack(expiredBefore, { daysInForce: auditDays, days });
    end = firstUnexpired(sql, part, { expiredBefore: before, now });
    if (end < part.end) return end;
  }
  return end;
}

/** The terms as they are by the ledger's own clock, where that is behind the one of the tick that asks. */
function byOwnClock(terms: RetentionTerms, nowMs: number): RetentionTerms {
  const aheadMs = terms.tickMs - nowMs;
  if (aheadMs <= 0) return terms;
  const earlier = (time: string) => formatTimestamp((parseTimestampMs(time) ?? 0) - aheadMs);
  const [expiredBefore, overdueBefore] = [terms.expiredBefore, terms.overdueBefore].map(earlier);
  return { ...terms, expiredBefore: expiredBefore!, overdueBefore: overdueBefore! };
}

interface Announcement {
  pruneTo: number;
  /** Every entry that leaves was kept so long, or longer. */
  keptDays: number;
  eventId: string;
}

function prunedEvent(
  sql: SqlStorage,
  { minIndex }: LogState,
  { pruneTo, keptDays, eventId }: Announcement,
): AuditEvent {
  const query = "SELECT hash, recorded_at AS at FROM entries WHERE seq = ?";
  const { hash, at } = sql.exec<{ hash: ArrayBuffer; at: string }>(query, pruneTo - 1).one();
  return ownEvent({
    action: LEDGER_ACTIONS.pruned,
    actor: "ledger",
    details: {
      from: String(minIndex),
      to: String(pruneTo),
      last_hash: encodeHex(new Uint8Array(hash)),
      last_recorded_at: at,
      tree_root: encodeHex(treeRoot(pruneTo, treeNodes(sql))),
      retention_days: String(keptDays),
    },
    event_id: eventId,
    recorded_by: "ledger",
  });
}

/**
 * Takes the prefix out of service, once the announcement is under a published checkpoint. What was announced by
 * a clock that has come back since waits: a correction of the clock withdraws it.
 */
export function beginPruning(sql: SqlStorage, state: LogState, nowMs: number): void {
  const { pruneTo, pruneEntry, publishedSize } = state;
  if (pruneTo === null || pruneEntry === null || pruneEntry >= publishedSize) return;
  // What contradicts itself is evidence.
  if (closedBy(state) !== null) return;
  if (isHeld(sql, state)) return;
  if (aheadUntil(recordedAt(sql, pruneEntry), nowMs) !== null) return;
  requireAnnounced(sql, state);
  if (pruneTo % TILE_WIDTH !== 0) keepLeaves(sql, Math.floor(pruneTo / TILE_WIDTH));
  sql.exec("UPDATE log SET min_index = ?, prune_to = NULL, prune_entry = NULL", pruneTo);
}

/** True while something pruned is still stored. */
export function hasPruned(sql: SqlStorage): boolean {
  const query = `SELECT EXISTS (SELECT 1 FROM entries
    WHERE seq < (SELECT min_index FROM log)) AS found`;
  return sql.exec<{ found: number }>(query).one().found === 1;
}

/** Entries that a step deletes: at worst 32 MB of bodies of 64 KiB, and about 20 ms of the usual ones. */
const DELETED_ENTRIES_MAX = 500;

/** One step of deleting what is pruned. True when nothing of it is left; throws LogContradiction. */
export function deletePruned(sql: SqlStorage, state: LogState, idsKeptSince: string): boolean {
  const rows = sql
    .exec(
      `SELECT seq, body, hash, previous_hash FROM entries
       WHERE seq < (SELECT min_index FROM log) ORDER BY seq LIMIT ${DELETED_ENTRIES_MAX}`,
    )
    .toArray();
  if (rows.length > 0) requirePruned(sql, state);
  for (const row of rows) keepId(sql, row, idsKeptSince);
  const last = rows.at(-1);
  if (last !== undefined) sql.exec("DELETE FROM entries WHERE seq <= ?", last["seq"]!);
  deletePrunedBundles(sql);
  sql.exec("DELETE FROM pruned_ids WHERE recorded_at < ?", idsKeptSince);
  return rows.length < DELETED_ENTRIES_MAX;
}

/** Ids outlive their entries where retention is shorter than the time in which one may be resent. */
function keepId(sql: SqlStorage, row: Record<string, SqlStorageValue>, idsKeptSince: string): void {
  const event = JSON.parse(row["body"] as string) as AuditEvent & { recorded_at: string };
  if (event.recorded_at < idsKeptSince) return;
  const receipt = [row["seq"]!, submittedHash(event), row["hash"]!, row["previous_hash"]!];
  sql.exec(
    `INSERT INTO pruned_ids (event_id, seq, submitted, hash, previous_hash, recorded_at)
     VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    event.event_id,
    ...receipt,
    event.recorded_at,
  );
}

/** Throws LogContradiction where its entries say otherwise. */
export function isHeld(sql: SqlStorage, state: LogState): boolean {
  requireHolds(sql, state);
  return countActiveHolds(sql) > 0;
}

export function countActiveHolds(sql: SqlStorage): number {
  return sql
    .exec<{ n: number }>("SELECT count(*) AS n FROM holds WHERE released_at_ms IS NULL")
    .one().n;
}

/** Those in force are what the entries say, or it throws LogContradiction. One that is there needs no room. */
export function refusalOfHold(
  sql: SqlStorage,
  state: LogState,
  id: string,
): { kind: "too_many_holds" } | null {
  const query = "SELECT count(*) AS n FROM holds WHERE released_at_ms IS NULL AND id <> ?";
  const { n } = sql.exec<{ n: number }>(query, id).one();
  // A closed log takes none, and says so itself.
  if (closedBy(state) === null) requireHolds(sql, state);
  return n < HOLDS_IN_FORCE_MAX ? null : { kind: "too_many_holds" };
}

export function insertHolds(sql: SqlStorage, holds: readonly LegalHold[]): void {
  const insert =
    "INSERT INTO holds (id, reason, placed_by, placed_at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
  for (const { id, reason, placedBy, placedAtMs } of holds) {
    sql.exec(insert, id, reason, placedBy, placedAtMs);
  }
}

/** False if there is no such hold that is still in force. */
export function markReleased(
  sql: SqlStorage,
  id: string,
  releasedBy: string,
  nowMs: number,
): boolean {
  const { rowsWritten } = sql.exec(
    "UPDATE holds SET released_by = ?, released_at_ms = ? WHERE id = ? AND released_at_ms IS NULL",
    releasedBy,
    nowMs,
    id,
  );
  return rowsWritten > 0;
}

/** True also where the event that releases the hold is in the log: then this is the same call, made again. */
export function isReleasable(sql: SqlStorage, id: string, eventId: string): boolean {
  const query = `SELECT EXISTS (SELECT 1 FROM holds WHERE id = ? AND released_at_ms IS NULL)
    OR EXISTS (SELECT 1 FROM entries WHERE event_id = ?) AS found`;
  return sql.exec<{ found: number }>(query, id, eventId).one().found === 1;
}

export function findHolds(sql: SqlStorage): LegalHold[] {
  const rows = sql.exec(
    `SELECT id, reason, placed_by AS placedBy, placed_at_ms AS placedAtMs,
       released_by AS releasedBy, released_at_ms AS releasedAtMs FROM holds ORDER BY id DESC`,
  );
  return rows.toArray() as unknown as LegalHold[];
}
