/**
 * An audit event between a report and the ledger: normalised, so that the same fact has the same
 * bytes, and complete but for what only the ledger knows (its place, its time, its predecessor).
 */

import { withTokenId } from "#formats/ledger/own-details.ts";
import { formatTimestamp, parseTimestampMs } from "#formats/rfc3339.ts";
import type { ValidationError } from "#platform/errors.ts";
import { DAY_MS } from "#platform/time.ts";
import { normaliseAction } from "./action-vocabulary.ts";
import type { AuditOutcome, DetailValue, ReportedEvent } from "./audit-event-schema.ts";

/** The event as it is hashed, but for `org`, `previous_hash` and `recorded_at`, which the ledger adds. */
export interface AuditEvent {
  action: string;
  actor: string;
  details: Readonly<Record<string, DetailValue>> | null;
  event_id: string;
  instance_id: string | null;
  invocation_id: string | null;
  occurred_at: string | null;
  outcome: AuditOutcome;
  recorded_by: string;
  request_id: string | null;
  target: string | null;
  trace_id: string | null;
  workspace: string | null;
}

/**
 * The event as the ledger takes it: with its details already as they are hashed, where they may be many. The ledger
 * has one thread and writes in one step, and 320,000 members took it half of that.
 */
export interface AppendedEvent extends Omit<AuditEvent, "details"> {
  details: AuditEvent["details"] | string;
}

export function detailsOf({ details }: Pick<AppendedEvent, "details">): AuditEvent["details"] {
  return typeof details === "string" ? JSON.parse(details) : details;
}

/** What only the ledger knows of an entry. */
export interface EntryPlace {
  org: string;
  /** Hex. */
  previousHash: string;
  /** RFC 3339 with milliseconds. */
  recordedAt: string;
}

/**
 * The entry as it is hashed: canonical JSON by construction, in a quarter of the time that sorting
 * takes, for the members stand here in order and their texts are well-formed. A test holds it to
 * `canonicalJson`.
 */
export function entryText(
  event: AppendedEvent,
  { org, previousHash, recordedAt }: EntryPlace,
): string {
  const { action, actor } = event;
  const details = typeof event.details === "string" ? event.details : detailsText(event.details);
  const before = JSON.stringify({ action, actor });
  const after = JSON.stringify({
    event_id: event.event_id,
    instance_id: event.instance_id,
    invocation_id: event.invocation_id,
    occurred_at: event.occurred_at,
    org,
    outcome: event.outcome,
    previous_hash: previousHash,
    recorded_at: recordedAt,
    recorded_by: event.recorded_by,
    request_id: event.request_id,
    target: event.target,
    trace_id: event.trace_id,
    workspace: event.workspace,
  });
  return `${before.slice(0, -1)},"details":${details},${after.slice(1)}`;
}

/**
 * No object is made of the sorted details: one of 5,000 members takes a millisecond to make, and as long to
 * be written. Keys are plain ASCII, so that quotes are all they need.
 */
function detailsText(
  details: AuditEvent["details"],
  written: (text: string) => string = asIs,
): string {
  if (details === null) return "null";
  const keys = Object.keys(details).sort();
  const valueText = (value: DetailValue | undefined) =>
    typeof value === "string" ? JSON.stringify(written(value)) : String(value);
  return `{${keys.map((key) => `"${key}":${valueText(details[key])}`).join()}}`;
}

const asIs = (text: string) => text;
const composed = (text: string) => text.normalize("NFC");

/**
 * What two events with one `event_id` are compared by: what the sender said, whoever sent it. Of `details`
 * without what we add (src/formats/ledger/own-details.ts).
 */
export const SUBMITTED_FIELDS = [
  "action",
  "actor",
  "details",
  "invocation_id",
  "occurred_at",
  "outcome",
  "request_id",
  "target",
  "trace_id",
  "workspace",
] as const satisfies readonly (keyof AuditEvent)[];

/**
 * Event ids are remembered for at least so many days: an older event is refused, for it might be one that
 * was recorded and forgotten.
 */
export const EVENT_ID_DAYS_MIN = 30;
/**
 * How far ahead an event may be: a gateway whose clock is further ahead is misconfigured, but up to there
 * its evidence is worth keeping.
 */
const AHEAD_MS_MAX = DAY_MS;

export function eventIdDays(auditDays: number): number {
  return Math.max(auditDays, EVENT_ID_DAYS_MIN);
}

export interface EventContext {
  instanceId: string;
  recordedBy: string;
  /** The token that the events come by, where `recordedBy` does not show it; else null. */
  tokenId: string | null;
  auditDays: number;
  nowMs: number;
  newEventId: () => string;
}

/** The event, or what is wrong with it; `pointer` is where it stands in the request. */
export function parseAuditEvent(
  reported: ReportedEvent,
  pointer: string,
  context: EventContext,
): (AppendedEvent & { details: string }) | ValidationError {
  const occurredAt = parseOccurredAt(reported.occurred_at ?? null, context);
  if (typeof occurredAt === "object" && occurredAt !== null) {
    return { pointer: `${pointer}/occurred_at`, message: occurredAt.refusal };
  }
  return {
    action: normaliseAction(reported.action),
    actor: reported.actor.normalize("NFC"),
    details: detailsText(withTokenId(reported.details ?? null, context.tokenId), composed),
    event_id: reported.event_id?.toLowerCase() ?? context.newEventId(),
    instance_id: context.instanceId,
    invocation_id: reported.invocation_id?.toLowerCase() ?? null,
    occurred_at: occurredAt,
    outcome: reported.outcome,
    recorded_by: context.recordedBy,
    request_id: reported.request_id?.normalize("NFC") ?? null,
    target: reported.target?.normalize("NFC") ?? null,
    trace_id: reported.trace_id?.toLowerCase() ?? null,
    workspace: reported.workspace?.normalize("NFC") ?? null,
  };
}

/**
 * True for actions that no gateway may report: `operator.*` is what this service's operators did,
 * `ledger.*` what the ledger says of itself.
 */
export function isReservedAction(action: string): boolean {
  return /^(operator|ledger)(\.|$)/.test(action);
}

function parseOccurredAt(
  reported: string | number | null,
  { auditDays, nowMs }: EventContext,
): string | null | { refusal: string } {
  if (reported === null) return null;
  const occurredAtMs = parseTimestampMs(reported);
  if (occurredAtMs === undefined) {
    return { refusal: "must be an RFC 3339 date-time or epoch milliseconds" };
  }
  const days = eventIdDays(auditDays);
  if (occurredAtMs < nowMs - days * DAY_MS) {
    return { refusal: `must not be older than ${days} days` };
  }
  if (occurredAtMs > nowMs + AHEAD_MS_MAX) {
    return { refusal: "must not be more than a day in the future" };
  }
  return formatTimestamp(occurredAtMs);
}
