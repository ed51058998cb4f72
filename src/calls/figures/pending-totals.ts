/** What is stored of a scrape's figures, with what is not folded yet: as the fold's statements would leave it. */

import { newestReportMs, type Pending } from "#calls/figures/pending.ts";
import { bucketsText, mergedTally, type SeriesDelta, type Tally } from "#calls/fold-delta.ts";
import { hasDeparted } from "#calls/instance-goodbye.ts";
import { droppedTotal } from "#calls/instance-reports.ts";
import type {
  Granularity,
  InstanceTotals,
  SeriesTotals,
  SeriesWindow,
} from "./metrics-snapshot.ts";

export function withPendingSeries(
  stored: readonly SeriesTotals[],
  { series }: Pending,
): readonly SeriesTotals[] {
  if (series.size === 0) return stored;
  return stored.map((totals) => {
    const delta = series.get(totals.series);
    return delta === undefined ? totals : withDelta(totals, delta);
  });
}

function withDelta(totals: SeriesTotals, delta: SeriesDelta): SeriesTotals {
  const added = mergedTally([...delta.hours.values()]);
  const classic = added.classicCounts();
  return {
    ...totals,
    outcomes: totals.outcomes.map((count, outcome) => count + added.outcomes[outcome]!),
    sumUs: totals.sumUs + added.sumUs,
    classic: totals.classic.map((count, bucket) => count + classic[bucket]!),
    histogram: totals.histogram && withBuckets(totals.histogram, added.buckets),
    exemplars: totals.exemplars && withExemplars(totals.exemplars, delta),
  };
}

/** Counts by bucket, as JSON. */
function withBuckets(stored: string, added: ReadonlyMap<number, number>): string {
  const counts = JSON.parse(stored) as Record<string, number>;
  for (const [bucket, count] of added) counts[bucket] = (counts[bucket] ?? 0) + count;
  return JSON.stringify(counts);
}

function withExemplars(stored: string, { exemplars }: SeriesDelta): string {
  const byBucket = JSON.parse(stored) as Record<string, unknown>;
  for (const [bucket, [, , durationUs, endedAtMs, id, traceId]] of exemplars) {
    byBucket[bucket] = [durationUs, endedAtMs, id, traceId];
  }
  return JSON.stringify(byBucket);
}

export function windowsOf(
  delta: SeriesDelta,
  granularity: Granularity,
): ReadonlyMap<number, Tally> {
  return granularity === "hour" ? delta.hours : delta.days();
}

/** A series may have several rows of a window: they are summed. */
export function withPendingWindows(
  stored: readonly SeriesWindow[],
  { series }: Pending,
  granularity: Granularity,
  windows: readonly number[],
): readonly SeriesWindow[] {
  const added: SeriesWindow[] = [];
  for (const [number, delta] of series) {
    const ofSeries = windowsOf(delta, granularity);
    for (const window of windows) {
      const tally = ofSeries.get(window);
      if (tally === undefined) continue;
      const { minUs, maxUs, buckets } = tally;
      added.push({ series: number, minUs, maxUs, histogram: bucketsText(buckets) });
    }
  }
  return [...stored, ...added];
}

export function withPendingInstances(
  stored: readonly InstanceTotals[],
  pending: Pending,
): readonly InstanceTotals[] {
  if (pending.instances.size === 0) return stored;
  return stored.map((totals) => {
    const ofInstance = pending.instances.get(totals.instance);
    if (ofInstance === undefined) return totals;
    const { delta, reports } = ofInstance;
    return {
      ...totals,
      lastReportMs: newestReportMs(totals.lastReportMs, delta, pending),
      dropped: droppedTotal(reports),
      hasDeparted: hasDeparted(reports) ? 1 : 0,
      lagSumUs: totals.lagSumUs + delta.lagSumUs,
      lagHistogram: withBuckets(totals.lagHistogram, delta.lagBuckets),
    };
  });
}
