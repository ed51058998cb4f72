/**
 * The holds that a frozen log's successor takes over: those that its table has in force, and those that its
 * entries say are. The log may be frozen because the two differ, and to hold too much destroys nothing.
 */
import type { AuditEvent } from "#audit/audit-event.ts";
import { HOLDS_IN_FORCE_MAX, type LegalHold } from "#audit/audit-log.ts";
import {
  ENTRY_COLUMNS,
  type EntryRow,
  hashedEntry,
  storedEntry,
} from "#audit/ledger/proven/checked-entries.ts";
import { LogContradiction } from "#audit/ledger/proven/contradiction.ts";
import { IS_OWN_ACTION } from "#audit/ledger/sketches/sketch-migrations.ts";
import { LEDGER_ACTIONS } from "#formats/ledger/entry.ts";
import { parseTimestampMs } from "#formats/rfc3339.ts";
import { findHolds } from "./pruning.ts";
import { adoptedHolds, HOLD_PLACED, HOLD_RELEASED, idOf } from "./state-on-record.ts";

export interface HoldsToAdopt {
  holds: LegalHold[];
  /** In the table, told of by no entry, and more than a log may have. */
  leftOut: number;
}

export function holdsToAdopt(sql: SqlStorage): HoldsToAdopt {
  const told = toldInForce(sql);
  const stored = new Map(findHolds(sql).map((hold) => [hold.id, hold]));
  const untold = [...stored.values()].filter(
    ({ id, releasedAtMs }) => releasedAtMs === null && !told.has(id),
  );
  const room = Math.max(0, HOLDS_IN_FORCE_MAX - told.size);
  const holds = [
    ...[...told.values()].map((hold) => inForce(stored.get(hold.id) ?? hold)),
    ...untold.slice(0, room),
  ];
  return { holds, leftOut: Math.max(0, untold.length - room) };
}

function inForce(hold: LegalHold): LegalHold {
  return { ...hold, releasedBy: null, releasedAtMs: null };
}

/**
 * An entry that does not hash to what was recorded still counts where it places a hold, and does not where it
 * releases one. What is announced to leave and is still stored counts too.
 */
function toldInForce(sql: SqlStorage): Map<string, LegalHold> {
  const told = new Map<string, LegalHold>();
  for (const { event } of eventsOf(sql, LEDGER_ACTIONS.succeeded)) {
    for (const id of adoptedHolds(event)) told.set(id, holdOf(id, event));
  }
  for (const { event } of eventsOf(sql, HOLD_PLACED)) {
    const id = idOf(event.target);
    if (id !== "") told.set(id, { ...holdOf(id, event), reason: reasonIn(event) });
  }
  for (const { row, event } of eventsOf(sql, HOLD_RELEASED)) {
    if (isAsRecorded(row)) told.delete(idOf(event.target));
  }
  return told;
}

type RecordedEvent = AuditEvent & { recorded_at: string };

function eventsOf(sql: SqlStorage, action: string): { row: EntryRow; event: RecordedEvent }[] {
  const query = `SELECT ${ENTRY_COLUMNS} FROM entries WHERE action = ? AND ${IS_OWN_ACTION} ORDER BY seq`;
  return [...sql.exec(query, action)].flatMap((row) => {
    const event = recordedEvent(row["body"] as string);
    return event === null ? [] : [{ row, event }];
  });
}

/** Null where the body was altered into what is no event: that must not be in a recovery's way. */
function recordedEvent(body: string): RecordedEvent | null {
  try {
    const event = JSON.parse(body) as RecordedEvent;
    const texts: unknown[] = [event.target ?? "", event.actor, event.recorded_at];
    return texts.every((text) => typeof text === "string") ? event : null;
  } catch {
    return null;
  }
}

/** Who placed one that was adopted, when and why, only the log before says, and its own row. */
function holdOf(id: string, event: RecordedEvent): LegalHold {
  return {
    id,
    reason: "adopted from the log before, whose entry says why",
    placedBy: event.actor,
    placedAtMs: parseTimestampMs(event.occurred_at ?? event.recorded_at) ?? 0,
    releasedBy: null,
    releasedAtMs: null,
  };
}

function reasonIn({ details }: AuditEvent): string {
  const reason = details?.["reason"];
  return typeof reason === "string" ? reason : "none is on record";
}

function isAsRecorded(row: EntryRow): boolean {
  try {
    hashedEntry(storedEntry(row));
    return true;
  } catch (error) {
    if (error instanceof LogContradiction) return false;
    throw error;
  }
}
