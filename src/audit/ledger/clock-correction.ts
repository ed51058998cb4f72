/**
 * Ends, on the record, what a clock that was ahead has done to the log: the entry says from which time to which
 * the times of record fall, and is the first to carry the later one's true successor.
 */
import type { AuditEvent } from "#audit/audit-event.ts";
import type { AppendResult, ClosedLog } from "#audit/audit-log.ts";
import { readChainEnd } from "#audit/ledger/proven/chain-end.ts";
import type { LogState } from "#audit/ledger/proven/log-state.ts";
import { aheadUntil } from "#audit/ledger/times/recorded-times.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { appendEvents } from "./append.ts";

export type CorrectionAnswer =
  | { kind: "corrected"; seq: number; from: string; to: string }
  | { kind: "nothing_to_correct" }
  | Exclude<AppendResult, { kind: "appended" }>
  | ClosedLog;

/** `isNeeded`: the same clock is corrected elsewhere too, so that it goes on the record in any case. */
export function recordCorrection(
  sql: SqlStorage,
  state: LogState,
  event: AuditEvent,
  { nowMs, isNeeded }: { nowMs: number; isNeeded: boolean },
): CorrectionAnswer {
  const known = recordedCorrection(sql, event.event_id);
  if (known !== null) return known;
  const { lastRecordedAt } = readChainEnd(sql);
  const isAhead = aheadUntil(lastRecordedAt, nowMs) !== null;
  if (!isAhead && !isNeeded) return { kind: "nothing_to_correct" };
  const now = formatTimestamp(nowMs);
  const to = !isAhead && now < lastRecordedAt ? lastRecordedAt : now;
  const from = lastRecordedAt === "" ? to : lastRecordedAt;
  const corrected = { ...event, details: { ...event.details, from, to } };
  const result = appendEvents(sql, state, [corrected], nowMs, () => to);
  if (result.kind !== "appended") return result;
  // A pruning that the wrong clock announced is announced anew, if it is due by the right one.
  if (isAhead) sql.exec("UPDATE log SET prune_to = NULL, prune_entry = NULL");
  return { kind: "corrected", seq: result.receipts[0]?.seq ?? 0, from, to };
}

/** What the same call did, whose answer was lost. */
function recordedCorrection(sql: SqlStorage, eventId: string): CorrectionAnswer | null {
  const [row] = sql
    .exec(
      `SELECT seq, body ->> '$.details.from' AS "from", body ->> '$.details.to' AS "to"
       FROM entries WHERE event_id = ?`,
      eventId,
    )
    .toArray();
  const found = row as { seq: number; from: string; to: string } | undefined;
  return found === undefined ? null : { kind: "corrected", ...found };
}
