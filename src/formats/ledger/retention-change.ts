/**
 * What entries say of how long entries are kept: the operator's entries of an org made or changed, and the
 * first one of a log that succeeds another. No gateway can report such an action.
 *
 * Whatever was in force when an entry stood in the log, or came into force since, is promised to it: so of
 * a change the larger number holds for every entry up to the one that tells of it.
 */
import type { CanonicalObject } from "#formats/canonical-json.ts";
import { parseDecimal } from "#formats/tlog/decimal.ts";
import { LEDGER_ACTIONS, textMember } from "./entry.ts";

export interface RetentionChange {
  /** What was in force until then; null where the entry does not say. */
  readonly fromDays: number | null;
  readonly toDays: number;
}

/** The members of `details`, decimal texts. */
export const RETENTION_DETAILS = {
  /** What an org, or a log, begins with. */
  days: "audit_days",
  from: "audit_days.from",
  to: "audit_days.to",
} as const;

export const RETENTION_TELLING: ReadonlySet<string> = new Set([
  "operator.org.created",
  "operator.org.updated",
  LEDGER_ACTIONS.succeeded,
]);

/** Null for an entry that says nothing of retention. */
export function retentionChangeOf(
  action: string,
  details: CanonicalObject | null,
): RetentionChange | null {
  if (details === null || !RETENTION_TELLING.has(action)) return null;
  const days = (name: string) => parseDecimal(textMember(details, name) ?? "");
  const toDays = days(RETENTION_DETAILS.to) ?? days(RETENTION_DETAILS.days);
  return toDays === null ? null : { fromDays: days(RETENTION_DETAILS.from), toDays };
}

/** The days that are promised to each entry before the one that tells of the change, and to that one. */
export function promisedDays({ fromDays, toDays }: RetentionChange): number {
  return Math.max(fromDays ?? 0, toDays);
}
