/** What a scrape reads, all of it at one point in time. */
import type { MetricFamily } from "#formats/exposition/metric-family.ts";

export interface SeriesTotals {
  series: number;
  workspace: string;
  plugin: string;
  tool: string;
  /** By outcome, in the order of OUTCOMES. */
  outcomes: readonly number[];
  sumUs: number;
  /** When the first report that it counts arrived; null for one that is older than this column. */
  createdMs: number | null;
  /** Counts at the classic bounds, not cumulative. */
  classic: readonly number[];
  /** Sparse counts by bucket index, as stored; read for native histograms only. */
  histogram: string | null;
  /** Exemplars as stored; read only where an exposition shows them. */
  exemplars: string | null;
}

/** The calls of a series in the current or the previous window. */
export interface SeriesWindow {
  series: number;
  minUs: number | null;
  maxUs: number | null;
  histogram: string;
}

export interface InstanceTotals {
  instance: string;
  lastReportMs: number;
  /** As a series'. */
  createdMs: number | null;
  /** It said goodbye. */
  hasDeparted: 0 | 1;
  dropped: number;
  lagSumUs: number;
  lagHistogram: string;
}

export interface MetricsSnapshot {
  org: string;
  nowMs: number;
  /** When the oldest arrival that these figures do not count was received; null where they count all. */
  oldestUncountedMs: number | null;
  /** Whether what has expired is deleted by the shard's clock (platform/steady-clock.ts); null before a tick. */
  isClockSettled: boolean | null;
  series: readonly SeriesTotals[];
  windows: readonly SeriesWindow[];
  instances: readonly InstanceTotals[];
  /** The families that other capabilities add for that time (figure-sources.ts). */
  beside: readonly MetricFamily[];
}

export type Granularity = "hour" | "day";

/** Which parts of the snapshot an exposition needs. */
export interface SnapshotWants {
  granularity: Granularity;
  windows: boolean;
  native: boolean;
  exemplars: boolean;
  instances: boolean;
}
