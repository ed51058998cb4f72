/**
 * The time that a view is of. `last=1h` stays relative: reloaded tomorrow it shows tomorrow's hour. `from` and `to`
 * are RFC 3339 and fixed; `to` alone ends the usual hour, `from` alone lasts until now.
 */
import { formatTimestamp, parseTimestampMs } from "#formats/rfc3339.ts";

export type TimeRange =
  | { readonly kind: "relative"; readonly last: string }
  | { readonly kind: "fixed"; readonly fromMs: number; readonly toMs: number | null };

export type Zone = "local" | "utc";

/** Parameters that hold on every page. */
export const EVERY_PAGE: readonly string[] = ["last", "from", "to", "zone"];

export const LAST_USUAL = "1h";
/** What is offered; any other count of these units may be written. */
export const LASTS = ["15m", "1h", "6h", "24h", "7d", "30d"] as const;

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
/** A request's times have four-digit years; nothing here was kept for longer. */
const LAST_MS_MAX = 10 * 365 * 86_400_000;

/** What the query says; what it says wrongly is `rangeProblem`'s to tell, and the usual range is shown. */
export function rangeOf(query: ReadonlyMap<string, string>): TimeRange {
  const usual: TimeRange = { kind: "relative", last: LAST_USUAL };
  if (rangeProblem(query) !== null) return usual;
  const last = query.get("last");
  if (last !== undefined) return { kind: "relative", last };
  const fromMs = parseTime(query.get("from"));
  const toMs = parseTime(query.get("to"));
  if (fromMs !== null) return { kind: "fixed", fromMs, toMs };
  return toMs === null ? usual : { kind: "fixed", fromMs: toMs - lastMs(LAST_USUAL)!, toMs };
}

export function rangeProblem(query: ReadonlyMap<string, string>): string | null {
  const [last, from, to] = ["last", "from", "to"].map((name) => query.get(name));
  if (last !== undefined && lastMs(last) === null) {
    return "last is a number with m, h or d, such as 15m";
  }
  for (const [name, text] of Object.entries({ from, to })) {
    if (text !== undefined && parseTime(text) === null) {
      return `${name} is a time such as 2026-11-28T14:00:00Z`;
    }
  }
  if (last !== undefined || from === undefined || to === undefined) return null;
  return parseTime(from)! < parseTime(to)! ? null : "from has to come before to";
}

/** Changes of a query that make it say this range. */
export function rangeChanges(range: TimeRange): Record<"last" | "from" | "to", string | null> {
  if (range.kind === "relative") return { last: range.last, from: null, to: null };
  const { fromMs, toMs } = range;
  const to = toMs === null ? null : formatTimestamp(toMs);
  return { last: null, from: formatTimestamp(fromMs), to };
}

export function resolve(range: TimeRange, nowMs: number): { fromMs: number; toMs: number } {
  if (range.kind === "fixed") return { fromMs: range.fromMs, toMs: range.toMs ?? nowMs };
  return { fromMs: nowMs - (lastMs(range.last) ?? lastMs(LAST_USUAL)!), toMs: nowMs };
}

/** Of `90m`; null if it is none. */
export function lastMs(last: string): number | null {
  const [, count = "", unit = ""] = /^([1-9]\d{0,5})([mhd])$/.exec(last) ?? [];
  const ms = Number(count) * (UNIT_MS[unit] ?? Number.NaN);
  return ms <= LAST_MS_MAX ? ms : null;
}

export function zoneOf(query: ReadonlyMap<string, string>): Zone {
  return query.get("zone") === "utc" ? "utc" : "local";
}

/** A date is its start in UTC, as the API takes it. */
function parseTime(text: string | undefined): number | null {
  if (text === undefined) return null;
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text);
  return parseTimestampMs(isDate ? `${text}T00:00:00Z` : text) ?? null;
}
