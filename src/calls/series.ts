/** Series: what calls are counted by. */
import { DAY_MS } from "#platform/time.ts";
import type { SeriesName } from "./arrival.ts";

export const OTHER = "__other__";

/** Counts what arrives above the org's series cap. It is outside the cap. */
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
