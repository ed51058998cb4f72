import { fail } from "#platform/errors.ts";
import type { AppendResult, ClosedLog, Receipt } from "./audit-log.ts";

/** Somebody has to make room: senders keep what they have to send. */
const FULL_RETRY_SECONDS = 60;

export function refuseFull(): never {
  return fail({ kind: "log_full", retryAfterSeconds: FULL_RETRY_SECONDS });
}

/** The receipts of an append; `pointer` names the place of an event in the request, for its refusals. */
export function receiptsOf(
  result: Exclude<AppendResult, ClosedLog>,
  pointer: (index: number) => string,
): Receipt[] {
  if (result.kind === "appended") return result.receipts;
  if (result.kind === "full") return refuseFull();
  const at = pointer(result.index);
  if (result.kind === "conflict") {
    fail({ kind: "conflict", detail: `The event_id at ${at} is that of another event.` });
  }
  const message = "must not exceed 65,535 bytes as canonical JSON";
  return fail({ kind: "invalid_request", errors: [{ pointer: at, message }] });
}
