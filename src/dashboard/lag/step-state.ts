/** Why a step has no calls: none were made, nobody reported, it is not counted yet, or nobody looked. */
import type { Covered } from "#dashboard/overview/overview-answers.ts";

export type StepState = "calls" | "none" | "no_report" | "not_yet" | "not_looked_at";

export const STEP_WORDS: Readonly<Record<StepState, string>> = {
  calls: "calls",
  none: "no calls",
  no_report: "no report",
  not_yet: "not counted yet",
  not_looked_at: "not looked at",
};

export function stepStartMs(covered: Covered, step: number): number {
  return Date.parse(covered.from) + step * covered.step_seconds * 1000;
}

/**
 * `lastReportMs` is the instance's, null where it is no longer known. A step that begins after it has no report. Of one
 * before it no call came, and no more is known: whether the instance was there then, nothing has kept.
 */
export function stepState(
  covered: Covered,
  step: number,
  { calls, lastReportMs }: { calls: number; lastReportMs: number | null },
): StepState {
  if (calls > 0) return "calls";
  const startMs = stepStartMs(covered, step);
  if (startMs >= Date.parse(covered.counted_until)) return "not_yet";
  const scannedTo = covered.scanned_to ?? null;
  if (scannedTo !== null && startMs < Date.parse(scannedTo)) return "not_looked_at";
  return lastReportMs === null || startMs > lastReportMs ? "no_report" : "none";
}
