/** Why a step has no calls: none were made, a report is missing, nobody reported (yet), it is not counted, nobody looked. */
import type { Covered, InstanceRow } from "#dashboard/overview/overview-answers.ts";

export type StepState =
  | "calls"
  | "none"
  | "maybe_lost"
  | "before_first"
  | "no_report"
  | "not_yet"
  | "not_looked_at";

export const STEP_WORDS: Readonly<Record<StepState, string>> = {
  calls: "calls",
  none: "no calls",
  maybe_lost: "none told, a report is missing",
  before_first: "before its first report",
  no_report: "no report",
  not_yet: "not counted yet",
  not_looked_at: "not looked at",
};

export function stepStartMs(covered: Covered, step: number): number {
  return Date.parse(covered.from) + step * covered.step_seconds * 1000;
}

/** What is known of an instance's reports; all null where it is no longer known. */
export interface Heard {
  readonly firstReportMs: number | null;
  readonly lastReportMs: number | null;
  /** The start whose reports have a gap by their numbers; when in it that one was due, nothing tells. */
  readonly lostSinceMs: number | null;
}

export function heardOf(row: InstanceRow | undefined): Heard {
  if (row === undefined) return { firstReportMs: null, lastReportMs: null, lostSinceMs: null };
  const starts = row.gaps.map(({ epoch }) => (epoch === null ? 0 : Date.parse(epoch)));
  return {
    firstReportMs: row.first_report === null ? null : Date.parse(row.first_report),
    lastReportMs: Date.parse(row.last_report),
    lostSinceMs: starts.length === 0 ? null : Math.min(...starts),
  };
}

/**
 * A step that begins after the last report has none, nor has one that ends before the first. Of one between them no call
 * came; where a report of that start is missing, it may have told of one.
 */
export function stepState(
  covered: Covered,
  step: number,
  { calls, ...heard }: Heard & { calls: number },
): StepState {
  if (calls > 0) return "calls";
  const startMs = stepStartMs(covered, step);
  if (startMs >= Date.parse(covered.counted_until)) return "not_yet";
  const scannedTo = covered.scanned_to ?? null;
  if (scannedTo !== null && startMs < Date.parse(scannedTo)) return "not_looked_at";
  return silentState(startMs, stepStartMs(covered, step + 1), heard);
}

function silentState(
  startMs: number,
  endMs: number,
  { firstReportMs, lastReportMs, lostSinceMs }: Heard,
): StepState {
  if (lastReportMs === null || startMs > lastReportMs) return "no_report";
  if (firstReportMs !== null && endMs <= firstReportMs) return "before_first";
  return lostSinceMs !== null && endMs > lostSinceMs ? "maybe_lost" : "none";
}
