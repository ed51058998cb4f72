/**
 * What an instance told of itself: which reports of each epoch arrived, how many samples it says it lost, and
 * whether it said goodbye. Kept so that a resent, reordered or repeated report changes nothing.
 */
import type { InstanceReport } from "./fold-delta.ts";
import { type Goodbye, goodbyeAfter } from "./instance-goodbye.ts";

/** Epochs kept of an instance, which may restart more often than it reports; older ones are settled. */
export const EPOCHS_KEPT_MAX = 4;
/**
 * Ranges kept per epoch: beyond that the oldest gap is closed and no longer told of. A row stays under 10
 * KB.
 */
export const RANGES_KEPT_MAX = 64;

/** Inclusive ranges of `seq` that arrived, ascending, never touching. */
export type SeqRange = [first: number, last: number];

export interface EpochReports {
  epochMs: number;
  droppedMax: number;
  ranges: SeqRange[];
}

export interface InstanceReports {
  /** Newest epoch first. */
  epochs: EpochReports[];
  /** Drops of epochs that are no longer kept. */
  droppedSettled: number;
  goodbye?: Goodbye;
}

export const NO_REPORTS: InstanceReports = { epochs: [], droppedSettled: 0 };

/** The reports after one more. An instance that does not tell its epoch (`epochMs` null) has a single one. */
export function addReport(before: InstanceReports, report: InstanceReport): InstanceReports {
  const reports = withReport(before, report);
  const goodbye = goodbyeAfter(reports, report);
  return goodbye === undefined ? reports : { ...reports, goodbye };
}

function withReport(reports: InstanceReports, report: InstanceReport): InstanceReports {
  const epochMs = report.epochMs ?? 0;
  const known = reports.epochs.find((epoch) => epoch.epochMs === epochMs);
  if (known === undefined && isSettled(reports, epochMs)) return reports;
  const before = known ?? { epochMs, droppedMax: 0, ranges: [] };
  const after: EpochReports = {
    epochMs,
    droppedMax: Math.max(before.droppedMax, report.dropped ?? 0),
    ranges: report.seq === null ? before.ranges : withSeq(before.ranges, report.seq),
  };
  const epochs = [...reports.epochs.filter((epoch) => epoch.epochMs !== epochMs), after];
  return settled({ ...reports, epochs: epochs.sort((a, b) => b.epochMs - a.epochMs) });
}

/** An epoch older than all that are kept was counted and settled already: counting it again would double its drops. */
function isSettled(reports: InstanceReports, epochMs: number): boolean {
  const oldest = reports.epochs.at(-1);
  return (
    oldest !== undefined && reports.epochs.length >= EPOCHS_KEPT_MAX && epochMs < oldest.epochMs
  );
}

function settled(reports: InstanceReports): InstanceReports {
  const leaving = reports.epochs.slice(EPOCHS_KEPT_MAX);
  const dropped = leaving.reduce((sum, epoch) => sum + epoch.droppedMax, 0);
  return {
    ...reports,
    epochs: reports.epochs.slice(0, EPOCHS_KEPT_MAX),
    droppedSettled: reports.droppedSettled + dropped,
  };
}

function withSeq(ranges: readonly SeqRange[], seq: number): SeqRange[] {
  const merged: SeqRange[] = [];
  let added: SeqRange = [seq, seq];
  for (const range of ranges) {
    if (range[1] < added[0] - 1 || range[0] > added[1] + 1) merged.push(range);
    else added = [Math.min(range[0], added[0]), Math.max(range[1], added[1])];
  }
  merged.push(added);
  merged.sort((a, b) => a[0] - b[0]);
  while (merged.length > RANGES_KEPT_MAX) {
    const [first, second] = merged as [SeqRange, SeqRange];
    merged.splice(0, 2, [first[0], second[1]]);
  }
  return merged;
}

/** Samples the instance says it lost, over all its epochs: never falls. */
export function droppedTotal(reports: InstanceReports): number {
  return reports.epochs.reduce((sum, epoch) => sum + epoch.droppedMax, reports.droppedSettled);
}

export interface SeqGap {
  epochMs: number;
  first: number;
  last: number;
}

/** Reports that were sent (a later one arrived) and did not arrive. */
export function seqGaps(reports: InstanceReports): SeqGap[] {
  return reports.epochs.flatMap(({ epochMs, ranges }) => {
    const gaps: SeqGap[] = [];
    let next = 0;
    for (const [first, last] of ranges) {
      if (first > next) gaps.push({ epochMs, first: next, last: first - 1 });
      next = last + 1;
    }
    return gaps;
  });
}

/** As `GET …/instances` says: online < 90 s, stale < 300 s, else departed; at once by a goodbye. */
export function instanceState(
  { lastReportMs, hasDeparted }: { lastReportMs: number; hasDeparted: boolean },
  nowMs: number,
): "online" | "stale" | "departed" {
  if (hasDeparted) return "departed";
  const ageMs = nowMs - lastReportMs;
  if (ageMs < 90_000) return "online";
  return ageMs < 300_000 ? "stale" : "departed";
}
