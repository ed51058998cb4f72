/** The steps of an answer about lag: whole minutes, by the epoch. */
import { rangeEndMs } from "#calls/activity/activity-range.ts";
import { HOUR_MS, MINUTE_MS } from "#platform/time.ts";

export const LAG_STEPS_MAX = 240;
const LAG_STEPS_DEFAULT = 60;

export interface LagRange {
  fromMs: number;
  toMs: number;
  stepMs: number;
}

export interface AskedLagRange {
  fromMs?: number | undefined;
  toMs?: number | undefined;
  stepMs?: number | undefined;
}

/** Widened to whole steps; of the last hour unless asked otherwise. Told what step would do where that is too short. */
export function lagRange(
  { fromMs, toMs, stepMs }: AskedLagRange,
  nowMs: number,
): LagRange | { leastStepMs: number } | "backwards" {
  const endMs = rangeEndMs({ fromMs, toMs }, nowMs);
  const startMs = fromMs ?? Math.max(0, endMs - HOUR_MS);
  if (startMs >= endMs) return "backwards";
  const step = wholeMinutes(stepMs ?? (endMs - startMs) / LAG_STEPS_DEFAULT);
  const range = widened(startMs, endMs, step);
  if (stepsIn(range) <= LAG_STEPS_MAX) return range;
  let least = wholeMinutes((endMs - startMs) / LAG_STEPS_MAX);
  while (stepsIn(widened(startMs, endMs, least)) > LAG_STEPS_MAX) least += MINUTE_MS;
  return { leastStepMs: least };
}

export function stepsIn({ fromMs, toMs, stepMs }: LagRange): number {
  return (toMs - fromMs) / stepMs;
}

function wholeMinutes(ms: number): number {
  return Math.max(1, Math.ceil(ms / MINUTE_MS)) * MINUTE_MS;
}

function widened(fromMs: number, toMs: number, stepMs: number): LagRange {
  return { fromMs: fromMs - (fromMs % stepMs), toMs: Math.ceil(toMs / stepMs) * stepMs, stepMs };
}
