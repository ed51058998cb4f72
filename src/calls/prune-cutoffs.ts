import type { Retention } from "#orgs/retention.ts";
import { HOUR_MS, HOURS_PER_DAY } from "#platform/time.ts";

/** The limits of retention: rows that are older may go. */
export interface PruneCutoffs {
  samplesBeforeMs: number;
  /** Hours and days since the epoch. */
  hoursBefore: number;
  daysBefore: number;
}

export function pruneCutoffs(retention: Retention, nowMs: number): PruneCutoffs {
  const hour = Math.floor(nowMs / HOUR_MS);
  const day = Math.floor(hour / HOURS_PER_DAY);
  return {
    samplesBeforeMs: nowMs - retention.samplesHours * HOUR_MS,
    hoursBefore: hour - retention.rollupsHourlyDays * HOURS_PER_DAY,
    daysBefore: day - retention.rollupsDailyDays,
  };
}
