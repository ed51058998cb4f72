/**
 * Whether the signed head is recent. A log that is signed late, or a server that shows an old head,
 * is not caught by any signature: only a clock tells, and it is the verifier's own.
 */
import { parseTimestampMs } from "#formats/rfc3339.ts";
import type { FreshnessTerms } from "./evidence.ts";
import type { Finding } from "./verdicts.ts";

/** How long an entry may wait for a signature: the log signs each minute. */
const UNSIGNED_MINUTES_MAX = 15;
/** How far the log's clock may be ahead of the verifier's. */
const AHEAD_MINUTES_MAX = 10;
const AHEAD = "that is yet to come, so that no age can be told";
const MS_PER_MINUTE = 60_000;

/** `newestAt`: when the newest signed entry was recorded; null if that is not known. */
export function judgeFreshness(terms: FreshnessTerms, newestAt: string | null): Finding[] {
  const late = findUnsigned(terms);
  const old = findOld(terms, newestAt);
  return [late, old].flatMap((message) => (message === null ? [] : [stale(message)]));
}

export function isFreshnessJudged({ maxAgeMinutes, unsigned }: FreshnessTerms): boolean {
  return maxAgeMinutes !== null || unsigned !== null;
}

function findUnsigned({ nowMs, unsigned }: FreshnessTerms): string | null {
  if (unsigned === null || unsigned.count === 0) return null;
  const { count, oldestAt } = unsigned;
  if (oldestAt === null) return `${count} entries are not signed, and since when cannot be seen`;
  const minutes = minutesSince(oldestAt, nowMs);
  if (isAhead(minutes))
    return `${count} entries are not signed, the oldest since ${oldestAt}: ${AHEAD}`;
  if (minutes <= UNSIGNED_MINUTES_MAX) return null;
  return `${count} entries are not signed, the oldest since ${oldestAt}: ${Math.floor(minutes)} minutes`;
}

function findOld({ nowMs, maxAgeMinutes }: FreshnessTerms, newestAt: string | null): string | null {
  if (maxAgeMinutes === null) return null;
  if (newestAt === null) return "there is no signed entry whose age could be told";
  const minutes = minutesSince(newestAt, nowMs);
  if (isAhead(minutes)) return `the newest signed entry was recorded at ${newestAt}: ${AHEAD}`;
  if (minutes <= maxAgeMinutes) return null;
  return `the newest signed entry was recorded at ${newestAt}: ${Math.floor(minutes)} minutes ago, more than ${maxAgeMinutes}`;
}

/** A clock that was ahead would make all that comes after it look fresh, for as long as it was ahead. */
function isAhead(minutes: number): boolean {
  return minutes < -AHEAD_MINUTES_MAX;
}

/** A text that is no time counts as older than any. */
function minutesSince(time: string, nowMs: number): number {
  return (nowMs - (parseTimestampMs(time) ?? Number.NEGATIVE_INFINITY)) / MS_PER_MINUTE;
}

function stale(message: string): Finding {
  return { aspect: "freshness", failure: "STALE", code: "stale", message };
}
