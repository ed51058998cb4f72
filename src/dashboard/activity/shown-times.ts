/** Times as the page says them. */

import type { TimeSpan } from "#dashboard/charts/column-axis.ts";
import { clockLabel, DAY_MS, dayLabel } from "#dashboard/charts/time-ticks.ts";
import { zoneOffset } from "#dashboard/charts/zone-offset.ts";
import { formatDuration } from "#dashboard/parts/format-figure.ts";
import type { Zone } from "#dashboard/place/time-range.ts";

/** `28 Nov 13:05–13:06`, never without its day. */
export function spanLabel({ fromMs, toMs }: TimeSpan, zone: Zone): string {
  const offset = zoneOffset(zone);
  const [from, to] = [fromMs + offset(fromMs), toMs + offset(toMs)];
  const isOneDay = Math.floor(from / DAY_MS) === Math.floor((to - 1) / DAY_MS);
  const end = isOneDay ? clockLabel(to) : `${dayLabel(to)} ${clockLabel(to)}`;
  return `${dayLabel(from)} ${clockLabel(from)}–${end}`;
}

/** Of an axis, which is round in seconds: 64 s, not 1 min 4 s. */
export function durationTick(ms: number): string {
  return ms < 1000 ? formatDuration(ms) : `${ms / 1000} s`;
}
