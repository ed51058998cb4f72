import type { Zone } from "#dashboard/place/time-range.ts";
import type { ZoneOffset } from "./time-ticks.ts";

export function zoneOffset(zone: Zone): ZoneOffset {
  return zone === "utc" ? () => 0 : (ms) => -new Date(ms).getTimezoneOffset() * 60_000;
}
