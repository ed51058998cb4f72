import { parseTimestampMs } from "#formats/rfc3339.ts";
import { refuseParameter } from "./query.ts";

/** A time in a query: RFC 3339, or epoch milliseconds. */
export function timeParameter(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const ms = parseTimestampMs(/^\d{1,15}$/.test(value) ? Number(value) : value);
  if (ms !== undefined) return ms;
  return refuseParameter(name, "must be an RFC 3339 date-time or epoch milliseconds");
}
