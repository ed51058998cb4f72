/** Sums the backlog for a reader: under the numbers that series and plugins have, beside what instances reported. */
import { pluginNameKey } from "#calls/activity/activity-blocks.ts";
import type { Pending, PendingInstance } from "#calls/figures/pending.ts";
import { FoldDelta, type InstanceDelta, type SeriesDelta } from "#calls/fold-delta.ts";
import { addReport, NO_REPORTS } from "#calls/instance-reports.ts";
import { INSTANCE_IDLE_MS_MAX, OTHER, SERIES_IDLE_MS_MAX } from "#calls/series.ts";
import { SEEN_AHEAD_MS_MAX } from "#calls/store/far-times.ts";
import { HOUR_MS } from "#platform/time.ts";
import type { Backlog } from "./backlog.ts";
import { isWithinChunk } from "./fold-bounds.ts";
import { findStoredInstances } from "./fold-instances.ts";
import { findPlugins } from "./fold-plugins.ts";
import { type FoundSeries, findSeries } from "./fold-series.ts";

/** A name that is idle for nearly so long is left to a fold: by the reader's clock it may be so before it is by another. */
const IDLE_MARGIN_MS = HOUR_MS;

/** Null where a fold has to decide what something is counted under. */
export async function findPending(
  db: D1Database,
  org: string,
  { shardOrg, arrived, lastId }: Backlog,
  nowMs: number,
): Promise<Pending | null> {
  const delta = new FoldDelta(nowMs);
  for (const { arrival, receivedMs } of arrived) delta.add(arrival, receivedMs);
  // From when on activity is known of all calls, an answer reads off the org's row.
  if (delta.activityFromMs > 0 || !isWithinChunk(delta, shardOrg.seriesNext)) return null;
  const deltas = [...delta.series.values()];
  const names = deltas.map(({ name }) => name);
  const idleBeforeMs = nowMs + IDLE_MARGIN_MS - SERIES_IDLE_MS_MAX;
  const [found, plugins, instances] = await Promise.all([
    names.length === 0 ? [] : findSeries(db, org, names, idleBeforeMs),
    names.length === 0 ? new Map<string, number>() : numbersOf(db, org, names),
    pendingInstances(db, org, delta.instances, nowMs),
  ]);
  if (instances === null || !names.every((name) => plugins.has(pluginNameKey(name)))) return null;
  const series = bySeries(deltas, found);
  if (series === null) return null;
  const seenUntilMs = nowMs + SEEN_AHEAD_MS_MAX;
  return { folds: shardOrg.folds, lastId, seenUntilMs, series, plugins, instances };
}

/** Null where one has no series that is active. */
function bySeries(
  deltas: readonly SeriesDelta[],
  found: readonly (FoundSeries | undefined)[],
): Map<number, SeriesDelta> | null {
  const series = new Map<number, SeriesDelta>();
  for (const [index, delta] of deltas.entries()) {
    const known = found[index];
    if (!known?.isActive) return null;
    const before = series.get(known.series);
    if (before === undefined) series.set(known.series, delta);
    else before.merge(delta);
  }
  return series;
}

async function numbersOf(db: D1Database, org: string, names: readonly SeriesDelta["name"][]) {
  return (await findPlugins(db, org, names)).numbers;
}

async function pendingInstances(
  db: D1Database,
  org: string,
  deltas: ReadonlyMap<string, InstanceDelta>,
  nowMs: number,
): Promise<Map<string, PendingInstance> | null> {
  const idleBeforeMs = nowMs + IDLE_MARGIN_MS - INSTANCE_IDLE_MS_MAX;
  const stored = await findStoredInstances(db, org, [...deltas.keys()]);
  const pending = new Map<string, PendingInstance>();
  for (const [instance, delta] of deltas) {
    const before = stored.get(instance);
    if (before === undefined || before.lastReportMs <= idleBeforeMs) return null;
    // As a fold leaves it: it may be many's, of which no report says anything.
    const reports =
      instance === OTHER ? NO_REPORTS : delta.reports.reduce(addReport, before.reports);
    pending.set(instance, { delta, reports });
  }
  return pending;
}
