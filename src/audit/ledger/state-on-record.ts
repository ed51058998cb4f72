/**
 * What stands beside the entries and decides what may leave the log: its minimum index, a pruning that is
 * announced, holds, promises. Each is told by entries, which are proven, and is held to them: by each pass of
 * the scrubber, and before anything is announced or deleted.
 *
 * None of these entries can be gone while it counts: an announcement stands above what it announces, nothing
 * leaves while a hold is in force, and who tells of a shorter retention was promised the longer one.
 */
import type { AuditEvent } from "#audit/audit-event.ts";
import {
  checkedEntries,
  ENTRY_COLUMNS,
  hashedEntry,
  storedEntry,
} from "#audit/ledger/proven/checked-entries.ts";
import { LogContradiction } from "#audit/ledger/proven/contradiction.ts";
import type { LogState } from "#audit/ledger/proven/log-state.ts";
import { IS_OWN_ACTION } from "#audit/ledger/sketches/sketch-migrations.ts";
import { daysPromisedTo } from "#audit/ledger/times/retention-ranges.ts";
import { LEDGER_ACTIONS } from "#formats/ledger/entry.ts";
import {
  promisedDays,
  RETENTION_TELLING,
  retentionChangeOf,
} from "#formats/ledger/retention-change.ts";

/** Throws LogContradiction. */
export function requireOnRecord(sql: SqlStorage, state: LogState): void {
  requirePruned(sql, state);
  requireAnnounced(sql, state);
  requireHolds(sql, state);
  requirePromises(sql, state);
}

/** What is pruned was announced, and the announcement was signed before anything left. */
export function requirePruned(sql: SqlStorage, state: LogState): void {
  const { minIndex, publishedSize } = state;
  if (minIndex === 0) return;
  const [row] = sql
    .exec(
      `SELECT seq FROM entries WHERE action = ? AND ${IS_OWN_ACTION} AND seq >= ? AND seq < ?
         AND body ->> '$.details.to' = ? ORDER BY seq DESC LIMIT 1`,
      ...[LEDGER_ACTIONS.pruned, minIndex, publishedSize, String(minIndex)],
    )
    .toArray();
  const seq = row?.["seq"] as number | undefined;
  if (seq !== undefined && checkedEntries(sql, state).find(seq) !== null) return;
  throw new LogContradiction(
    `no signed entry announced that the entries before ${minIndex} were to be pruned`,
  );
}

/** What is to be pruned is what the entry says that announces it. */
export function requireAnnounced(sql: SqlStorage, state: LogState): void {
  const { pruneTo, pruneEntry } = state;
  if (pruneTo === null && pruneEntry === null) return;
  const entry = pruneEntry === null ? null : checkedEntries(sql, state).find(pruneEntry);
  const { action, details } = (entry === null ? {} : JSON.parse(entry.body)) as Partial<AuditEvent>;
  if (action === LEDGER_ACTIONS.pruned && details?.["to"] === String(pruneTo)) return;
  throw new LogContradiction(
    `entry ${pruneEntry} does not announce that the entries before ${pruneTo} are to be pruned`,
  );
}

export const HOLD_PLACED = "operator.hold.placed";
export const HOLD_RELEASED = "operator.hold.released";
const HOLD = "hold://";

/** A hold is in force from the entry that places it, or opens the log, to the one that releases it. */
export function requireHolds(sql: SqlStorage, state: LogState): void {
  const told = holdsTold(sql, state);
  const inForce = new Map<string, boolean>();
  for (const row of sql.exec("SELECT id, released_at_ms IS NULL AS is_in_force FROM holds")) {
    inForce.set(row["id"] as string, row["is_in_force"] === 1);
  }
  for (const [id, isTold] of told) if (inForce.get(id) !== isTold) throw notAsTold(id);
  for (const [id, isHeld] of inForce) if (isHeld && !told.has(id)) throw notAsTold(id);
}

/** Those that an entry which is left has placed, and whether they are in force. */
function holdsTold(sql: SqlStorage, state: LogState): Map<string, boolean> {
  const placed = toldBy(sql, state, HOLD_PLACED).map(({ target }) => idOf(target));
  const adopted = toldBy(sql, state, LEDGER_ACTIONS.succeeded).flatMap(adoptedHolds);
  const told = new Map([...adopted, ...placed].map((id) => [id, true]));
  for (const { target } of toldBy(sql, state, HOLD_RELEASED)) told.set(idOf(target), false);
  return told;
}

export function adoptedHolds({ details }: AuditEvent): string[] {
  const ids = details?.["holds"];
  return typeof ids === "string" ? ids.split(" ") : [];
}

export function idOf(target: string | null): string {
  return target?.startsWith(HOLD) ? target.slice(HOLD.length) : "";
}

function notAsTold(id: string): LogContradiction {
  return new LogContradiction(`the hold ${id} is not what the entries say of it`);
}

/** No entry that is left is promised less than an entry says. */
export function requirePromises(sql: SqlStorage, state: LogState): void {
  for (const action of RETENTION_TELLING) {
    for (const { seq, instance_id, details } of toldBy(sql, state, action)) {
      const change = instance_id === null ? retentionChangeOf(action, details) : null;
      if (change === null || daysPromisedTo(sql, seq) >= promisedDays(change)) continue;
      throw new LogContradiction(
        `the retention that entry ${seq} tells of is not what is promised to it`,
      );
    }
  }
}

type ToldEntry = AuditEvent & { seq: number };

/** The entries with that action that are left, oldest first. */
function toldBy(sql: SqlStorage, { minIndex }: LogState, action: string): ToldEntry[] {
  const rows = sql.exec(
    `SELECT ${ENTRY_COLUMNS} FROM entries WHERE action = ? AND ${IS_OWN_ACTION} AND seq >= ? ORDER BY seq`,
    action,
    minIndex,
  );
  return [...rows].map((row) => {
    const { seq, body } = hashedEntry(storedEntry(row));
    return { ...(JSON.parse(body) as AuditEvent), seq };
  });
}
