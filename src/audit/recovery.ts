/** Ends a frozen log and opens its successor. Every step may be repeated: a recovery that died goes on. */

import { type AuditLogRow, findAuditLog, insertAuditLog } from "#audit/store/audit-logs.ts";
import { encodeBase64 } from "#formats/base64.ts";
import { LEDGER_ACTIONS } from "#formats/ledger/entry.ts";
import { RETENTION_DETAILS } from "#formats/ledger/retention-change.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { parseCheckpoint } from "#formats/tlog/checkpoint.ts";
import { parseNote } from "#formats/tlog/signed-note.ts";
import { ENTRY_BYTES_MAX } from "#formats/tlog/tlog-tiles.ts";
import type { Env } from "#platform/env.ts";
import { originHost } from "#platform/settings.ts";
import { shardDatabase } from "#platform/shards.ts";
import { type AuditEvent, entryText } from "./audit-event.ts";
import { type LogAddress, type LogStatus, logOrigin } from "./audit-log.ts";
import { callLedger } from "./ledger-stub.ts";
import { ownEvent, ownEventId } from "./own-event.ts";

/** False if the log is not frozen. Afterwards the directory has to name the successor. */
export async function openSuccessor(
  env: Env,
  frozen: LogAddress,
  { reason, recordedBy, auditDays }: { reason: string; recordedBy: string; auditDays: number },
): Promise<boolean> {
  const next = { ...frozen, log: frozen.log + 1 };
  const db = shardDatabase(env, frozen.shard);
  const row = await findAuditLog(db, frozen);
  // A ledger that was set back to before it was frozen does not know of that any more.
  const known = row?.frozenReason ?? null;
  if (known !== null) await callLedger(env, frozen, (ledger) => ledger.freeze(frozen, known));
  const status = await callLedger(env, frozen, (ledger) => ledger.status());
  // A log that is not frozen may still be given a hold; a frozen one keeps those that it has.
  if (status === null || status.frozenReason === null) return false;
  const origin = logOrigin(originHost(env), frozen);
  const details = { ...lastSigned(row, status), frozen_because: status.frozenReason };
  const adopted = await callLedger(env, frozen, (ledger) => ledger.holdsToAdopt());
  const { holds: held, leftOut } = adopted;
  const inForce = {
    [RETENTION_DETAILS.days]: String(auditDays),
    ...(held.length > 0 && { holds: held.map(({ id }) => id).join(" ") }),
    ...(leftOut > 0 && { holds_left_out: String(leftOut) }),
  };
  const event = succeededEvent(origin, { ...details, ...inForce, reason }, recordedBy);
  requireFits(event, next.org);
  const isEnded = await callLedger(env, frozen, (ledger) => ledger.succeed(frozen, next.log));
  if (!isEnded) return false;
  // Before the entry that names them: in no log may a hold be on record and not in force.
  if (held.length > 0) await callLedger(env, next, (ledger) => ledger.adoptHolds(next, held));
  const result = await callLedger(env, next, (ledger) => ledger.append(next, [event]));
  // On a conflict, an attempt before this one opened the successor, for a reason of its own.
  if (result.kind !== "appended" && result.kind !== "conflict") {
    throw new Error(`recovery: ${result.kind}`);
  }
  await insertAuditLog(db, next);
  return true;
}

/** An old log that cannot be succeeded is not ended: what has to be mended first still can be. */
function requireFits(event: AuditEvent, org: string): void {
  const at = { org, previousHash: "0".repeat(64), recordedAt: formatTimestamp(0) };
  const bytes = new TextEncoder().encode(entryText(event, at)).length;
  if (bytes > ENTRY_BYTES_MAX) throw new Error(`recovery: an entry of ${bytes} bytes`);
}

/**
 * The last head that was signed. Whichever of D1's row and the ledger was set back, the other knows the
 * larger size, and that was signed.
 */
function lastSigned(
  row: AuditLogRow | null,
  status: LogStatus,
): { size: string; root: string | null } {
  const signedSize = row?.signedSize ?? 0;
  const published = parseCheckpoint(parseNote(status.checkpoint ?? "")?.text ?? "");
  if (published !== null && published.size > signedSize) {
    return { size: String(published.size), root: encodeBase64(published.root) };
  }
  return { size: String(signedSize), root: row?.signedRoot ?? null };
}

function succeededEvent(
  origin: string,
  details: Record<string, string | null>,
  recordedBy: string,
): AuditEvent {
  return ownEvent({
    action: LEDGER_ACTIONS.succeeded,
    actor: "ledger",
    details: { origin, ...details },
    event_id: ownEventId(origin),
    recorded_by: recordedBy,
  });
}
