/** Series: what calls are counted by. */
import type { Limits } from "#orgs/limits.ts";
import { utf8Bytes } from "#platform/d1/json-parameter.ts";
import { DAY_MS } from "#platform/time.ts";
import type { SeriesName } from "./arrival.ts";

/** What a scrape's size and memory follow from, so that an org may have so much and no more. */
export type SeriesLimits = Pick<Limits, "seriesMax" | "seriesLabelBytesMax">;

/** What an org's series take of its limits: those in the exposition, `__other__` left out. */
export interface SeriesUse {
  series: number;
  labelBytes: number;
}

/** As SQL counts them: `octet_length` of each. */
export function labelBytesOf(name: SeriesName): number {
  return utf8Bytes(name.join(""));
}

export const OTHER = "__other__";

/** Counts, by plugin, calls of tools that it does not have: their names are whatever somebody asked for. */
export const UNKNOWN_TOOL = "__unknown__";

/** Counts what arrives above the org's caps. It is outside the caps. */
export const OTHER_SERIES: SeriesName = [OTHER, OTHER, OTHER];

/**
 * A series idle for 30 days leaves the exposition and the cap; its total stays, and goes on if the series
 * comes back.
 */
export const SERIES_IDLE_MS_MAX = 30 * DAY_MS;

/** Distinct reporters an org may have; further ones are counted as one, `__other__`. */
export const INSTANCES_MAX = 1_000;

/** An instance leaves the exposition and the cap 24 h after its last report. */
export const INSTANCE_IDLE_MS_MAX = DAY_MS;

export function isOtherSeries(name: SeriesName): boolean {
  return name.every((part) => part === OTHER);
}
