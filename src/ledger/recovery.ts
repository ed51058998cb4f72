/** Ends a frozen log and opens its successor. Every step may be repeated: a recovery that died goes on. */
import type { AuditEvent } from "../domain/audit-event.ts";
import { type LogAddress, logOrigin } from "../domain/audit-log.ts";
import { type Env, settingsOf, shardDatabase } from "../env.ts";
import { LEDGER_ACTIONS } from "../spec/ledger/entry.ts";
import { sha256 } from "../spec/sha256.ts";
import { uuid7FromRandom } from "../spec/uuid7.ts";
import { type AuditLogRow, findAuditLog, insertAuditLog } from "../store/audit-logs.ts";
import { callLedger } from "./ledger-stub.ts";

/** False if the log is not frozen. Afterwards the directory has to name the successor. */
export async function openSuccessor(
  env: Env,
  frozen: LogAddress,
  { reason, recordedBy }: { reason: string; recordedBy: string },
): Promise<boolean> {
  const next = { ...frozen, log: frozen.log + 1 };
  const isEnded = await callLedger(env, frozen, (ledger) => ledger.succeed(frozen, next.log));
  if (!isEnded) return false;
  const db = shardDatabase(env, frozen.shard);
  const origin = logOrigin(settingsOf(env).originHost, frozen);
  const event = succeededEvent(origin, await findAuditLog(db, frozen), { reason, recordedBy });
  const result = await callLedger(env, next, (ledger) => ledger.append(next, [event]));
  // A conflict: an attempt before this one opened it, for a reason of its own.
  if (result.kind !== "appended" && result.kind !== "conflict") {
    throw new Error(`recovery: ${result.kind}`);
  }
  await insertAuditLog(db, next);
  return true;
}

function succeededEvent(
  origin: string,
  row: AuditLogRow | null,
  { reason, recordedBy }: { reason: string; recordedBy: string },
): AuditEvent {
  return {
    action: LEDGER_ACTIONS.succeeded,
    actor: "ledger",
    details: {
      origin,
      size: String(row?.signedSize ?? 0),
      root: row?.signedRoot ?? null,
      frozen_because: row?.frozenReason ?? null,
      reason,
    },
    event_id: successionId(origin),
    instance_id: null,
    invocation_id: null,
    occurred_at: null,
    outcome: "allowed",
    recorded_by: recordedBy,
    request_id: null,
    target: null,
    trace_id: null,
    workspace: null,
  };
}

/** The same for each attempt, so that the successor has one first entry. */
function successionId(origin: string): string {
  return uuid7FromRandom(0, sha256(new TextEncoder().encode(origin)).subarray(0, 10));
}
