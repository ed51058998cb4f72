/**
 * Windows of activity, and the blocks that each is stored in. A block has neighbouring series and plugins by their
 * numbers: a question about one of them reads one row a window, and a fold writes one for all of a block.
 */
import type { SeriesName } from "#calls/arrival.ts";
import { HOUR_MS, MINUTE_MS } from "#platform/time.ts";

/**
 * At most 486 cells (6 outcomes, 81 half-octaves) of 6 characters a series and plugin: 0.8 MB a row, where D1 takes
 * 2 MB. Of 10,000 tools a window has 40 blocks.
 */
export const SERIES_PER_BLOCK = 256;
export const PLUGINS_PER_BLOCK = 32;

export function blockOfSeries(series: number): number {
  return Math.floor(series / SERIES_PER_BLOCK);
}

export function blockOfPlugin(number: number): number {
  return Math.floor(number / PLUGINS_PER_BLOCK);
}

/** By `pluginNameKey`. */
export type PluginNumbers = ReadonlyMap<string, number>;

export function pluginNameKey([workspace, plugin]: SeriesName): string {
  return `${workspace}\0${plugin}`;
}

/** A size of windows, and how it is stored. */
export interface ActivityTier {
  readonly table: "activity_minutes" | "activity_quarters";
  /** The column that numbers its windows since the epoch. */
  readonly window: "minute" | "quarter";
  readonly windowMs: number;
}

export const MINUTES: ActivityTier = {
  table: "activity_minutes",
  window: "minute",
  windowMs: MINUTE_MS,
};
export const QUARTERS: ActivityTier = {
  table: "activity_quarters",
  window: "quarter",
  windowMs: 15 * MINUTE_MS,
};

/** Minutes are kept for two days; quarters of an hour as long as samples. */
export const MINUTES_KEPT_MS = 48 * HOUR_MS;
