/** Exports of a log's entries. An export is an entry itself: it stands in the log before its first line leaves. */

import type { ExportAnswer, ExportRange, PlannedExport } from "#audit/ledger/export-range.ts";
import type { EntryTime } from "#audit/ledger/times/timed-range.ts";
import type { Operator } from "#orgs/operator.ts";
import { actionOf } from "#orgs/operator.ts";
import type { Org } from "#orgs/org.ts";
import { insertOperatorAction, type OperatorAction } from "#orgs/store/operator-actions.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import type { LogAddress } from "./audit-log.ts";
import { writeToLog } from "./current-log.ts";
import { eventOf } from "./drain-outbox.ts";
import { callLedger, type LedgerStub } from "./ledger-stub.ts";
import { refuseFull } from "./receipts.ts";

/** A part of the lines: an RPC answer may have 32 MiB, an entry 64 KiB. */
const LINES_BYTES = 1_000_000;

export interface Export {
  planned: PlannedExport;
  /** The log that the entries are of. */
  address: LogAddress;
  /** By which they were asked for; null where indexes were. */
  time: EntryTime | null;
  /** NDJSON, a part at a time: whatever the log's length, a single part is in memory. */
  lines: AsyncGenerator<Uint8Array>;
}

export interface AskedExport {
  log: LogAddress;
  /** The export is of the current log, whichever that is when the export is recorded. */
  isCurrent: boolean;
  range: ExportRange;
  format: "ndjson" | "pack";
}

export async function exportEntries(
  env: Env,
  org: Org,
  asked: AskedExport,
  by: Operator,
): Promise<Export> {
  const deed = {
    org: org.org,
    action: "operator.audit.exported",
    target: `audit://${org.org}`,
    details: { format: asked.format, log: String(asked.log.log), ...asked.range.time },
  } as const;
  const { planned, address } = await recorded(env, org, asked, actionOf(by, deed, Date.now()));
  const { time = null } = asked.range;
  return { planned, address, time, lines: entryLines(env, address, planned) };
}

/** An export stands in the log that it is of, or, where that takes no more entries, in its successor. */
async function recorded(
  env: Env,
  org: Org,
  { log, isCurrent, range }: AskedExport,
  action: OperatorAction,
): Promise<{ planned: PlannedExport; address: LogAddress }> {
  const status = await callLedger(env, log, (ledger) => ledger.status());
  const isOpen = status?.frozenReason == null && log.log === org.auditLog;
  if (isOpen) {
    const event = eventOf(action);
    const write = (ledger: LedgerStub, at: LogAddress) => ledger.beginExport(at, event, range);
    const { answer, address } = await writeToLog(env, org, write);
    return { planned: plannedExport(answer), address: isCurrent ? address : log };
  }
  const planned = plannedExport(await callLedger(env, log, (ledger) => ledger.planExport(range)));
  const seqs = { from_seq: String(planned.from), to_seq: String(planned.to) };
  const details = { ...action.details, ...seqs };
  await insertOperatorAction(env.DIRECTORY, { ...action, details });
  return { planned, address: log };
}

function plannedExport(answer: ExportAnswer | null): PlannedExport {
  switch (answer?.kind) {
    case "export":
      return answer;
    case "pruned":
      return fail({ kind: "pruned" });
    case "empty_range": {
      const errors = [{ pointer: "/to_seq", message: "must not be below from_seq" }];
      return fail({ kind: "invalid_request", errors });
    }
    case "too_large": {
      const message = "must end a range of less than 8 GiB: a pack holds no more, take it in parts";
      return fail({ kind: "invalid_request", errors: [{ pointer: "/to_seq", message }] });
    }
    case "full":
      return refuseFull();
    case "not_signed_yet":
      return fail({ kind: "not_yet_signed", retryAfterSeconds: 60 });
    case undefined:
      return fail({ kind: "not_found" });
    default:
      return fail({ kind: "internal" });
  }
}

async function* entryLines(
  env: Env,
  address: LogAddress,
  { from, to }: PlannedExport,
): AsyncGenerator<Uint8Array> {
  for (let next = from; next < to; ) {
    const range = { from: next, to, bytesMax: LINES_BYTES };
    const part = await callLedger(env, address, (ledger) => ledger.lines(range));
    // The next entry was pruned while the log was read: a short answer must not look like a whole one.
    if (part.next === next) throw new Error("export: entries are gone");
    yield part.bytes;
    next = part.next;
  }
}
