import { fail } from "../errors.ts";
import { parseTimestampMs } from "../spec/rfc3339.ts";

/** A time in a query: RFC 3339, or epoch milliseconds. */
export function timeParameter(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const ms = parseTimestampMs(/^\d{1,15}$/.test(value) ? Number(value) : value);
  if (ms !== undefined) return ms;
  const message = "must be an RFC 3339 date-time or epoch milliseconds";
  return fail({ kind: "invalid_request", errors: [{ pointer: `/${name}`, message }] });
}
