/** What all figures of the page are asked with: one range of whole minutes, one `now`, the same filters. */
import { type Asked, useAsk } from "#dashboard/api/ask.ts";
import { liveNowMs } from "#dashboard/api/live.ts";
import { place } from "#dashboard/place/place.ts";
import { rangeOf, type Zone, zoneOf } from "#dashboard/place/time-range.ts";
import { type AskedTimes, askPath, filtersOf, type PlaceQuery } from "./activity-question.ts";
import { wholeMinutes } from "./whole-minutes.ts";

export interface Asking {
  readonly org: string;
  readonly query: PlaceQuery;
  readonly times: AskedTimes;
  readonly zone: Zone;
  /** Its end moves on with the clock. */
  readonly isLive: boolean;
}

export function askingOf(org: string): Asking {
  const { query } = place.value;
  return {
    org,
    query,
    times: wholeMinutes(query, liveNowMs.value),
    zone: zoneOf(query),
    isLive: isLive(query),
  };
}

export function isLive(query: PlaceQuery): boolean {
  const range = rangeOf(query);
  return range.kind === "relative" || range.toMs === null;
}

/** A figure's question: what is known outlives a failure while the filters and the range are the same. */
export function useFigures<T>(
  { org, query, times, isLive: live }: Asking,
  endpoint: string,
  more: Readonly<Record<string, string | number | undefined>> = {},
): Asked<T> {
  const range = live ? [query.get("last"), query.get("from")] : [times.fromMs, times.toMs];
  return useAsk<T>(askPath(org, endpoint, query, times, more), {
    isLive: live,
    question: JSON.stringify([endpoint, filtersOf(query), range, more]),
  });
}
