/** Times as a reader types them, in the zone that is shown: `2026-11-28 14:05`, seconds if need be. */
import { parseTimestampMs } from "#formats/rfc3339.ts";
import type { Zone } from "./time-range.ts";

const TYPED = /^(\d{4}-\d{2}-\d{2})(?:[T ]+(\d{1,2}:\d{2})(:\d{2})?)?$/;

/** Null if it is no time. A zone written with it counts, whatever zone is shown. */
export function parseTypedTime(text: string, zone: Zone): number | null {
  const given = text.trim();
  const whole = parseTimestampMs(given.replace(/ +/, "T"));
  if (whole !== undefined) return whole;
  const [, date, time = "00:00", seconds = ":00"] = TYPED.exec(given) ?? [];
  if (date === undefined) return null;
  const utcMs = parseTimestampMs(`${date}T${time.padStart(5, "0")}${seconds}Z`);
  if (utcMs === undefined) return null;
  return zone === "utc" ? utcMs : utcMs + offsetMs(utcMs);
}

/** What to add to a local time written as if it were UTC; found twice, for summer may begin in between. */
function offsetMs(utcMs: number): number {
  const guess = offsetAt(utcMs);
  return offsetAt(utcMs + guess);
}

function offsetAt(ms: number): number {
  return new Date(ms).getTimezoneOffset() * 60_000;
}
