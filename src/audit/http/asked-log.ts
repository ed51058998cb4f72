/** The log that a request is about. */

import type { LogAddress } from "#audit/audit-log.ts";
import { currentLog } from "#audit/current-log.ts";
import { integer } from "#http/parameters.ts";
import type { Org } from "#orgs/org.ts";
import { fail } from "#platform/errors.ts";

/** An org that recovers a log each day for 2,700 years has so many. */
const LOG_MAX = 999_999;

export const logParameter = integer("Number of an earlier log of the org", {
  min: 1,
  max: LOG_MAX,
  what: "the number of a log",
});

/** The log of that number; without a number, the current log. */
export function askedLog(org: Org, log: number | undefined): LogAddress {
  if (log === undefined) return currentLog(org);
  return log <= org.auditLog ? { ...currentLog(org), log } : fail({ kind: "not_found" });
}

/** A seq in the path: a text that is none is answered with `not_found`. */
export function seqOf(text: string | undefined): number {
  const isSeq = text !== undefined && /^(0|[1-9]\d{0,15})$/.test(text);
  const seq = isSeq ? Number(text) : Number.NaN;
  return Number.isSafeInteger(seq) ? seq : fail({ kind: "not_found" });
}
