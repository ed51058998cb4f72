/**
 * What the page is asked by its address, and what it asks the API by it: the same filters for every figure, list and
 * export. A parameter that is empty is not one that is absent.
 */
import { formatTimestamp } from "#formats/rfc3339.ts";

export type PlaceQuery = ReadonlyMap<string, string>;

/** Of calls, all that the API's list and all figures take: a link that names one and is asked without it tells too much. */
export const FILTER_NAMES = [
  "plugin",
  "tool",
  "workspace",
  "outcome",
  "instance",
  "actor",
  "session_id",
  "request_id",
  "trace_id",
  "error_code",
  "error_hash",
  "error_fingerprint",
  "min_duration_ms",
  "max_duration_ms",
] as const;

export type FilterName = (typeof FILTER_NAMES)[number];

/** What a selection is made of, compared with the rest of the range. */
export const SELECTION_NAMES = [
  "sel_from",
  "sel_to",
  "sel_min_duration_ms",
  "sel_max_duration_ms",
  "sel_outcome",
] as const;

export const VIEWS = ["charts", "calls", "errors", "compare"] as const;
export type ActivityView = (typeof VIEWS)[number];

export function viewOf(query: PlaceQuery): ActivityView {
  return VIEWS.find((view) => view === query.get("view")) ?? "charts";
}

/** The times that a question is of, exact. */
export interface AskedTimes {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The path of an endpoint below the org with all filters, the times and what else it takes. */
export function askPath(
  org: string,
  endpoint: string,
  query: PlaceQuery,
  times: AskedTimes,
  more: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const terms = new URLSearchParams(filtersOf(query));
  terms.set("from", formatTimestamp(times.fromMs));
  terms.set("to", formatTimestamp(times.toMs));
  for (const [name, value] of Object.entries(more)) {
    if (value !== undefined) terms.set(name, String(value));
  }
  return `/v1/orgs/${encodeURIComponent(org)}/${endpoint}?${terms}`;
}

export function filtersOf(query: PlaceQuery): [FilterName, string][] {
  return FILTER_NAMES.flatMap((name): [FilterName, string][] => {
    const value = query.get(name);
    return value === undefined ? [] : [[name, value]];
  });
}

const MINUTE_S = 60;
const STEPS_S: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_S),
  ...[1, 2, 3, 6, 12, 24, 48, 168, 336, 672].map((hours) => hours * 60 * MINUTE_S),
];

/** Of figures by the minute, and after 48 h by quarters of an hour. */
const MINUTES_KEPT_MS = 48 * 3_600_000;
const QUARTER_S = 15 * MINUTE_S;

/** A range that begins and ends within two minutes has one more column than it is long. */
const ENDS = 2;

/** The least round step that has at most so many columns, those of its ends apart. */
export function stepSeconds(times: AskedTimes, columnsMax: number, nowMs: number): number {
  const isOld = times.fromMs < nowMs - MINUTES_KEPT_MS;
  const seconds = (times.toMs - times.fromMs) / 1000;
  const fits = (step: number) =>
    (!isOld || step >= QUARTER_S) && seconds / step <= columnsMax + ENDS;
  return STEPS_S.find(fits) ?? STEPS_S.at(-1)!;
}
