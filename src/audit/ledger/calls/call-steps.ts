/**
 * What becomes of calls, each step in one transaction of the caller's: opened with their decision, ended with
 * their completion. Of any number of ends that are told of a call the first one counts, for it takes the row.
 */

import type { AuditEvent } from "#audit/audit-event.ts";
import {
  type CallEnding,
  type CallNews,
  completionId,
  completionOf,
  type DecidedCall,
  type EndedCall,
  isGivenUp,
  LOST_CODE,
  lateCompletionOf,
  type OpenCall,
  type ToldEnd,
} from "#audit/calls/open-call.ts";
import { appendEvents } from "#audit/ledger/append.ts";
import {
  checkedEntries,
  ENTRY_COLUMNS,
  type EntryRow,
  hashedEntry,
  storedEntry,
} from "#audit/ledger/proven/checked-entries.ts";
import { closedBy, type LogState } from "#audit/ledger/proven/log-state.ts";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import { insertEndedCalls } from "./ended-calls.ts";
import {
  type GivenUpCall,
  insertOpenCall,
  markAlive,
  setWaiting,
  sweepOpenCalls,
  takeOpenCall,
} from "./open-calls.ts";

export interface SettleTerms {
  nowMs: number;
  isFull: boolean;
}

/** In the transaction of the decision's entry. */
export function openCalls(sql: SqlStorage, decided: readonly DecidedCall[], nowMs: number): void {
  const ended: EndedCall[] = [];
  for (const { call, ending, isAdopted = false } of decided) {
    if (call === null) continue;
    if (ending !== null) ended.push({ call, ending, unrecorded: null });
    // The ledger may have taken the decision all the same, and have given up the call by now.
    else if (!isAdopted || !isCompleted(sql, call.id)) insertOpenCall(sql, call, nowMs);
  }
  insertEndedCalls(sql, ended);
}

function isCompleted(sql: SqlStorage, callId: string): boolean {
  return entryRow(sql, completionId(callId)) !== null;
}

export function takeNews(
  sql: SqlStorage,
  state: LogState,
  { ends, alive, waits }: CallNews,
  terms: SettleTerms,
): void {
  if (alive.length > 0) markAlive(sql, alive, terms.nowMs);
  for (const wait of waits) setWaiting(sql, wait);
  const ended: EndedCall[] = [];
  const events: AuditEvent[] = [];
  for (const end of ends) {
    const call = takeOpenCall(sql, end.id);
    if (call !== null) ended.push({ call, ending: end.ending, unrecorded: null });
    else events.push(...lateCompletions(sql, state, end));
  }
  endCalls(sql, state, { ended, late: events }, terms);
}

/** What nobody has told of for too long is given up. */
export function giveUpCalls(sql: SqlStorage, state: LogState, terms: SettleTerms): void {
  const ended = sweepOpenCalls(sql, terms.nowMs).flatMap((swept): EndedCall[] => {
    const call = takeOpenCall(sql, swept.id);
    return call === null ? [] : [{ call, ending: givenUp(call, swept), unrecorded: null }];
  });
  endCalls(sql, state, { ended, late: [] }, terms);
}

function givenUp(call: OpenCall, { isWaiting, endedAtMs }: GivenUpCall): CallEnding {
  return {
    outcome: "server_error",
    errorCode: isWaiting ? "timeout" : LOST_CODE,
    endedAtMs: Math.max(call.startedAtMs, endedAtMs),
    responseBytes: null,
    ...(isWaiting && { isExpired: true }),
  };
}

/** Only what comes after the call was given up is news: all else is the same end, told again. */
function lateCompletions(sql: SqlStorage, state: LogState, end: ToldEnd): AuditEvent[] {
  const row = closedBy(state) === null ? entryRow(sql, completionId(end.id)) : null;
  if (row === null) return [];
  checkedEntries(sql, state).placed(hashedEntry(storedEntry(row)));
  const completed: AuditEvent = JSON.parse(row["body"] as string);
  return isGivenUp(completed) ? [lateCompletionOf(completed, end)] : [];
}

function entryRow(sql: SqlStorage, eventId: string): EntryRow | null {
  const query = `SELECT ${ENTRY_COLUMNS} FROM entries WHERE event_id = ?`;
  const [row] = sql.exec(query, eventId).toArray();
  return row ?? null;
}

/** A log that is closed or full takes no completion: D1 keeps it until there is one that does. */
function endCalls(
  sql: SqlStorage,
  state: LogState,
  { ended, late }: { ended: readonly EndedCall[]; late: readonly AuditEvent[] },
  { nowMs, isFull }: SettleTerms,
): void {
  const recorded = ended.filter(({ call }) => call.hasEntries);
  const completions = recorded.map(({ call, ending }) => completionOf(call, ending));
  const events = [...completions, ...late];
  const result = appendAll(sql, state, events, { nowMs, isFull });
  if (result === "taken") {
    insertEndedCalls(sql, ended);
    return;
  }
  const unrecorded = new Map(recorded.map(({ call }, index) => [call.id, events[index]!]));
  insertEndedCalls(
    sql,
    ended.map((one) => ({ ...one, unrecorded: unrecorded.get(one.call.id) ?? null })),
  );
}

/** An id that somebody else has taken is no reason not to complete a call. */
function appendAll(
  sql: SqlStorage,
  state: LogState,
  events: AuditEvent[],
  { nowMs, isFull }: SettleTerms,
): "taken" | "refused" {
  if (events.length === 0) return "taken";
  // Not even looked at: what closed it may be its last entry.
  if (closedBy(state) !== null) return "refused";
  for (;;) {
    const result = appendEvents(sql, state, events, nowMs, { isFull });
    if (result.kind === "appended") return "taken";
    if (result.kind !== "conflict") return "refused";
    const random = crypto.getRandomValues(new Uint8Array(10));
    events[result.index] = { ...events[result.index]!, event_id: uuid7FromRandom(nowMs, random) };
  }
}
