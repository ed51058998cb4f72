import { rangeOf, resolve } from "#dashboard/place/time-range.ts";
import type { AskedTimes, PlaceQuery } from "./activity-question.ts";

const MINUTE_MS = 60_000;

/** Figures are of whole minutes: a list that ended between two would have other calls than they. */
export function wholeMinutes(query: PlaceQuery, nowMs: number): AskedTimes {
  const range = rangeOf(query);
  const { fromMs, toMs } = resolve(range, nowMs);
  if (range.kind === "fixed" && range.toMs !== null) return { fromMs, toMs };
  return {
    fromMs: range.kind === "fixed" ? fromMs : Math.floor(fromMs / MINUTE_MS) * MINUTE_MS,
    toMs: Math.ceil(toMs / MINUTE_MS) * MINUTE_MS,
  };
}
