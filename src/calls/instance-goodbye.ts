/**
 * Goodbyes: an instance that says it goes has departed at once, until a later report of it arrives. Which report
 * is later is told by epoch and seq where they are told, so that reports may come late, reordered or again.
 */
import type { InstanceReport } from "./fold-delta.ts";
import type { EpochReports, InstanceReports } from "./instance-reports.ts";

/** The last that was said, and after which report: `seq` is -1 where none with a seq has come. */
export interface Goodbye {
  epochMs: number;
  seq: number;
  receivedMs: number;
  /** By a report that has no place of its own among the others: one that has shows by that. */
  isTakenBack: boolean;
}

/**
 * What may have been sent before the goodbye, and nothing tells, is believed to have been for so long, and then
 * that the instance is back. It would be called departed without a goodbye by then.
 */
const LATE_MS_MAX = 300_000;

/** Nothing came of its newest epoch after the goodbye. */
export function hasDeparted({ goodbye, epochs: [newest] }: InstanceReports): boolean {
  if (goodbye === undefined || goodbye.isTakenBack || newest === undefined) return false;
  return goodbye.epochMs === newest.epochMs && goodbye.seq >= lastSeq(newest);
}

/** The goodbye that stands after a report, which is among the `epochs` already. */
export function goodbyeAfter(
  { goodbye, epochs }: InstanceReports,
  report: InstanceReport,
): Goodbye | undefined {
  if (report.isFinal === true) {
    const said = placeOf(report, epochs);
    const isNews = goodbye === undefined || isLater(said, goodbye, report);
    return isNews ? { ...said, receivedMs: report.receivedMs, isTakenBack: false } : goodbye;
  }
  if (goodbye === undefined || !takesBack(report, goodbye)) return goodbye;
  return { ...goodbye, isTakenBack: true };
}

/** Without an epoch or a seq, after all that came: seqs of several lives are one row where no epoch parts them. */
function placeOf(
  { epochMs, seq }: InstanceReport,
  epochs: readonly EpochReports[],
): { epochMs: number; seq: number } {
  if (epochMs !== null && seq !== null) return { epochMs, seq };
  const known = epochMs === null ? epochs[0] : epochs.find((epoch) => epoch.epochMs === epochMs);
  return known === undefined
    ? { epochMs: epochMs ?? 0, seq: -1 }
    : { epochMs: known.epochMs, seq: lastSeq(known) };
}

function isLater(
  said: { epochMs: number; seq: number },
  standing: Goodbye,
  report: InstanceReport,
): boolean {
  if (said.epochMs !== standing.epochMs) return said.epochMs > standing.epochMs;
  if (report.seq === null || report.seq > standing.seq) return true;
  return report.epochMs === null && isLongAfter(standing, report);
}

/** True for a report that is later by its arrival alone. */
function takesBack({ isFinal, epochMs, seq, receivedMs }: InstanceReport, standing: Goodbye) {
  // A collector sends the spans of what has gone.
  if (isFinal === null) return isLongAfter(standing, { receivedMs });
  if (seq === null) return epochMs === null || epochMs === standing.epochMs;
  // A seq that is lower is of before the goodbye, or of a new life whose epoch was not told.
  return epochMs === null && isLongAfter(standing, { receivedMs });
}

function isLongAfter(standing: Goodbye, { receivedMs }: { receivedMs: number }): boolean {
  return receivedMs - standing.receivedMs >= LATE_MS_MAX;
}

function lastSeq({ ranges }: EpochReports): number {
  return ranges.at(-1)?.[1] ?? -1;
}
