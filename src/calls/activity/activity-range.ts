/** The steps that an answer about activity has: whole ones, by the epoch, so that two answers' agree. */
import { DAY_MS, HOUR_MS, MINUTE_MS } from "#platform/time.ts";
import { QUARTERS } from "./activity-blocks.ts";

export const STEPS_MAX = 240;
/** The columns of an answer that was not asked for a step, at most. */
const COLUMNS_DEFAULT = 60;
const RANGE_DEFAULT_MS = HOUR_MS;
/** What is further ahead is not answered: there is nothing yet, and after the year 9999 no RFC 3339 time. */
const AHEAD_MS_MAX = 366 * DAY_MS;
/** Of each tool's or plugin's windows are as many as there are blocks: beyond this they are read by the quarter. */
const GROUPED_BY_MINUTE_MS_MAX = 6 * HOUR_MS;

export interface AskedSteps {
  fromMs?: number | undefined;
  toMs?: number | undefined;
  /** The length of a step, rounded up to whole minutes; or how many there may be. */
  stepMs?: number | undefined;
  columns?: number | undefined;
}

/** How minutes may be read. */
export interface RangeBounds {
  nowMs: number;
  /** Before it only quarters of an hour are kept. */
  minutesFromMs: number;
  isGrouped: boolean;
}

/** Steps of `stepMs` from `fromMs` on, up to `toMs`. */
export interface ActivityRange {
  fromMs: number;
  toMs: number;
  stepMs: number;
}

export type RangeFault =
  | { kind: "empty_range" }
  /** So many steps would be too many; with at least `stepMs` it is answered. */
  | { kind: "short_step"; stepMs: number };

/** Where a range ends that was asked for so: now, unless told otherwise. */
export function rangeEndMs({ fromMs = 0, toMs }: AskedSteps, nowMs: number): number {
  return Math.min(toMs ?? Math.max(nowMs, fromMs + 1), nowMs + AHEAD_MS_MAX);
}

/** Widened to whole steps: what it says is what is answered. */
export function activityRange(asked: AskedSteps, bounds: RangeBounds): ActivityRange | RangeFault {
  const toMs = rangeEndMs(asked, bounds.nowMs);
  const fromMs = Math.max(0, asked.fromMs ?? toMs - RANGE_DEFAULT_MS);
  if (fromMs >= toMs) return { kind: "empty_range" };
  const byMinute = isByQuarter(toMs - fromMs, asked, bounds)
    ? null
    : rangeOf(fromMs, toMs, MINUTE_MS, asked);
  // The oldest minute may be pruned while it is read.
  const areMinutesKept = byMinute !== null && byMinute.fromMs >= bounds.minutesFromMs + MINUTE_MS;
  const unitMs = areMinutesKept ? MINUTE_MS : QUARTERS.windowMs;
  const range = areMinutesKept ? byMinute : rangeOf(fromMs, toMs, unitMs, asked);
  if (stepsOf(range) <= STEPS_MAX) return range;
  return { kind: "short_step", stepMs: leastSteps(fromMs, toMs, unitMs, STEPS_MAX).stepMs };
}

/** Whoever asks for so many columns gets steps of whole quarters where they are longer than one: a fifteenth of the rows. */
function isByQuarter(
  lengthMs: number,
  { stepMs, columns = COLUMNS_DEFAULT }: AskedSteps,
  { isGrouped }: RangeBounds,
): boolean {
  if (isGrouped && lengthMs > GROUPED_BY_MINUTE_MS_MAX) return true;
  return stepMs === undefined && lengthMs > columns * QUARTERS.windowMs;
}

function rangeOf(fromMs: number, toMs: number, unitMs: number, asked: AskedSteps): ActivityRange {
  const { stepMs, columns = COLUMNS_DEFAULT } = asked;
  if (stepMs === undefined) return leastSteps(fromMs, toMs, unitMs, columns);
  return wholeSteps(fromMs, toMs, roundedUp(stepMs, unitMs));
}

export function stepsOf({ fromMs, toMs, stepMs }: ActivityRange): number {
  return (toMs - fromMs) / stepMs;
}

/** Of the shortest step with which there are no more than `columns`. */
function leastSteps(fromMs: number, toMs: number, unitMs: number, columns: number): ActivityRange {
  let stepMs = roundedUp((toMs - fromMs) / columns, unitMs);
  for (;;) {
    const range = wholeSteps(fromMs, toMs, stepMs);
    if (stepsOf(range) <= columns || stepMs >= toMs) return range;
    stepMs += unitMs;
  }
}

function wholeSteps(fromMs: number, toMs: number, stepMs: number): ActivityRange {
  return { fromMs: fromMs - (fromMs % stepMs), toMs: roundedUp(toMs, stepMs), stepMs };
}

function roundedUp(ms: number, unitMs: number): number {
  return Math.max(1, Math.ceil(ms / unitMs)) * unitMs;
}
