/** Records audit events as one instance reports them: all of them are appended to the org's log, or none. */
import { isOwnDetail } from "#formats/ledger/own-details.ts";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { ERRORS_MAX, fail, type ValidationError } from "#platform/errors.ts";
import { inSlices } from "#platform/slices.ts";
import { redactDetails } from "#redaction/redact-details.ts";
import { isAuditStreamAction } from "#streams/observability.ts";
import { streamsOf } from "#streams/streams-of.ts";
import { actionError } from "./action-vocabulary.ts";
import { type AppendedEvent, isReservedAction, parseAuditEvent } from "./audit-event.ts";
import type { ReportedEvent } from "./audit-event-schema.ts";
import type { Receipt } from "./audit-log.ts";
import { writeToLog } from "./current-log.ts";
import { receiptsOf } from "./receipts.ts";

export interface EventReport {
  instance: string;
  /** At most 256 (REPORT_EVENTS_MAX). */
  events: readonly ReportedEvent[];
  /** Who vouches for the events. */
  recordedBy: string;
  /** The token that the report came by, where `recordedBy` does not show it; else null. */
  tokenId: string | null;
}

/**
 * Resolves once the events are durable. An event sent again under its `event_id` gets its first receipt.
 * Refuses with `reserved_action`, `reserved_detail`, `stream_disabled`, `invalid_request` or `conflict`, each pointing into
 * the report, and with `ledger_frozen`.
 */
export async function recordEvents(
  env: Env,
  org: Org,
  { instance, events, recordedBy, tokenId }: EventReport,
): Promise<Receipt[]> {
  await requireUnreserved(events);
  await requireEnabled(env, org.org, events);
  const nowMs = Date.now();
  const context = {
    instanceId: instance.normalize("NFC"),
    recordedBy,
    tokenId,
    auditDays: org.retention.auditDays,
    nowMs,
    newEventId: () => uuid7FromRandom(nowMs, crypto.getRandomValues(new Uint8Array(10))),
  };
  const { redaction } = org;
  const parsed: (AppendedEvent | ValidationError)[] = [];
  await inSlices(
    events,
    () => eventCostUs(parsed.at(-1)!),
    (event) => {
      const pointer = `/events/${parsed.length}`;
      const kept = redaction.redactsDetails ? redactDetails(event, redaction) : event;
      parsed.push(actionError(event, pointer) ?? parseAuditEvent(kept, pointer, context));
    },
  );
  const errors = parsed.filter((event): event is ValidationError => "pointer" in event);
  if (errors.length > 0) fail({ kind: "invalid_request", errors: errors.slice(0, ERRORS_MAX) });
  const accepted = parsed.filter((event): event is AppendedEvent => !("pointer" in event));
  const { answer } = await writeToLog(env, org, (ledger, log) => ledger.append(log, accepted));
  return receiptsOf(answer, (index) => `/events/${index}`);
}

/** 60 KB of details, sorted, composed and written, take one or two milliseconds; searched for secrets, as long again. */
function eventCostUs(parsed: AppendedEvent | ValidationError): number {
  const details = "pointer" in parsed ? null : parsed.details;
  return 20 + (typeof details === "string" ? details.length / 40 : 0);
}

type Actions = readonly { action: string }[];

async function requireUnreserved(events: readonly ReportedEvent[]): Promise<void> {
  const errors = pointers(events, isReservedAction, "is reserved");
  if (errors.length > 0) fail({ kind: "reserved_action", errors });
  const details: ValidationError[] = [];
  let names = 0;
  await inSlices(
    events.entries(),
    () => names * NAME_COST_US,
    ([index, event]) => {
      const all = Object.keys(event.details ?? {});
      names = all.length;
      details.push(...ownDetailErrors(all, `/events/${index}`));
    },
  );
  if (details.length > 0) {
    fail({ kind: "reserved_detail", errors: details.slice(0, ERRORS_MAX) });
  }
}

const NAME_COST_US = 0.1;

/** What we add must not be said by anyone else. */
function ownDetailErrors(names: readonly string[], pointer: string): ValidationError[] {
  return names
    .filter(isOwnDetail)
    .map((name) => ({ pointer: `${pointer}/details/${name}`, message: "is reserved" }));
}

/**
 * While the org's audit stream is disabled, decisions on tool calls and plugins' lives are not kept; all
 * else is.
 */
async function requireEnabled(env: Env, org: string, events: Actions): Promise<void> {
  const { audit } = await streamsOf(env, org);
  if (audit.enabled) return;
  const message = "is of the audit stream, which is disabled";
  const errors = pointers(events, isAuditStreamAction, message);
  if (errors.length > 0) fail({ kind: "stream_disabled", errors });
}

function pointers(
  events: Actions,
  isRefused: (action: string) => boolean,
  message: string,
): ValidationError[] {
  return events
    .flatMap(({ action }, index) =>
      isRefused(action) ? [{ pointer: `/events/${index}/action`, message }] : [],
    )
    .slice(0, ERRORS_MAX);
}
