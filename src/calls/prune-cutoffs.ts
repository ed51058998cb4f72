import { MINUTES_KEPT_MS, QUARTERS } from "#calls/activity/activity-blocks.ts";
import type { Retention } from "#orgs/retention.ts";
import { HOUR_MS, HOURS_PER_DAY, MINUTE_MS } from "#platform/time.ts";

/** The limits of retention: rows that are older may go. */
export interface PruneCutoffs {
  samplesBeforeMs: number;
  /** Hours and days since the epoch. */
  hoursBefore: number;
  daysBefore: number;
  /** Of activity: minutes and quarters of an hour since the epoch. */
  minutesBefore: number;
  quartersBefore: number;
}

export function pruneCutoffs(retention: Retention, nowMs: number): PruneCutoffs {
  const hour = Math.floor(nowMs / HOUR_MS);
  const day = Math.floor(hour / HOURS_PER_DAY);
  const samplesBeforeMs = nowMs - retention.samplesHours * HOUR_MS;
  return {
    samplesBeforeMs,
    hoursBefore: hour - retention.rollupsHourlyDays * HOURS_PER_DAY,
    daysBefore: day - retention.rollupsDailyDays,
    minutesBefore: Math.floor(Math.max(samplesBeforeMs, nowMs - MINUTES_KEPT_MS) / MINUTE_MS),
    quartersBefore: Math.floor(samplesBeforeMs / QUARTERS.windowMs),
  };
}
