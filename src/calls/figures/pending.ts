/**
 * What is acknowledged and not folded yet, summed as a fold would sum it: a reader adds it to what is stored, and writes
 * nothing. It has no name that is not counted yet: which of these an org has room for, a fold decides.
 */
import type { PluginNumbers } from "#calls/activity/activity-blocks.ts";
import type { InstanceDelta, SeriesDelta } from "#calls/fold-delta.ts";
import type { InstanceReports } from "#calls/instance-reports.ts";

export interface PendingInstance {
  delta: InstanceDelta;
  /** What is stored of its reports, and these. */
  reports: InstanceReports;
}

export interface Pending {
  /** The org's fold number: what is stored must be read at the same, or one of the two has been counted meanwhile. */
  folds: number;
  /** The id of the last arrival that is counted so; empty where none is. */
  lastId: string;
  /** What is stored as later was written by a clock that was ahead, and gives way. */
  seenUntilMs: number;
  series: ReadonlyMap<number, SeriesDelta>;
  plugins: PluginNumbers;
  instances: ReadonlyMap<string, PendingInstance>;
}

/** As a fold does: UPSERT_INSTANCES in src/calls/store/fold/fold-statements.ts. */
export function newestReportMs(
  storedMs: number,
  { lastReportMs }: InstanceDelta,
  { seenUntilMs }: Pending,
): number {
  return storedMs > seenUntilMs ? lastReportMs : Math.max(storedMs, lastReportMs);
}

/** Nothing: what is stored counts by itself. */
export const NOTHING_PENDING: Pending = {
  folds: 0,
  lastId: "",
  seenUntilMs: 0,
  series: new Map(),
  plugins: new Map(),
  instances: new Map(),
};
