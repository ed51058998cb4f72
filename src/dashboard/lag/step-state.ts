/** Why a step has no calls: none were made, a report is missing, nobody reported, it is not counted, nobody looked. */
import type { Covered, InstanceRow } from "#dashboard/overview/overview-answers.ts";

export type StepState = "calls" | "none" | "maybe_lost" | "no_report" | "not_yet" | "not_looked_at";

export const STEP_WORDS: Readonly<Record<StepState, string>> = {
  calls: "calls",
  none: "no calls",
  maybe_lost: "none told, a report is missing",
  no_report: "no report",
  not_yet: "not counted yet",
  not_looked_at: "not looked at",
};

export function stepStartMs(covered: Covered, step: number): number {
  return Date.parse(covered.from) + step * covered.step_seconds * 1000;
}

/** What is known of an instance's reports; all null where it is no longer known. */
export interface Heard {
  readonly lastReportMs: number | null;
  /** The start whose reports have a gap by their numbers; when in it that one was due, nothing tells. */
  readonly lostSinceMs: number | null;
}

export function heardOf(row: InstanceRow | undefined): Heard {
  if (row === undefined) return { lastReportMs: null, lostSinceMs: null };
  const starts = row.gaps.map(({ epoch }) => (epoch === null ? 0 : Date.parse(epoch)));
  return {
    lastReportMs: Date.parse(row.last_report),
    lostSinceMs: starts.length === 0 ? null : Math.min(...starts),
  };
}

/**
 * A step that begins after the last report has none. Of one before it no call came: whether the instance was there
 * then, nothing has kept, and where a report of that start is missing, it may have told of one.
 */
export function stepState(
  covered: Covered,
  step: number,
  { calls, lastReportMs, lostSinceMs }: Heard & { calls: number },
): StepState {
  if (calls > 0) return "calls";
  const startMs = stepStartMs(covered, step);
  if (startMs >= Date.parse(covered.counted_until)) return "not_yet";
  const scannedTo = covered.scanned_to ?? null;
  if (scannedTo !== null && startMs < Date.parse(scannedTo)) return "not_looked_at";
  if (lastReportMs === null || startMs > lastReportMs) return "no_report";
  const isLostThen = lostSinceMs !== null && stepStartMs(covered, step + 1) > lostSinceMs;
  return isLostThen ? "maybe_lost" : "none";
}
