/**
 * Reading figures: first callers' calls that have waited are settled, and what is acknowledged and not
 * counted yet is folded, within the time that the reader has; then all is read as one snapshot. Scrapes,
 * rollups and the metrics push read no other way.
 */

import { settleForRead } from "#calls/pairing/settle-calls.ts";
import { foldAll } from "#calls/store/fold/fold.ts";
import type { FoldedOrg } from "#calls/store/fold/fold-series.ts";
import { readMetricsSnapshot } from "#calls/store/read-snapshot.ts";
import type { MetricFamily } from "#formats/exposition/metric-family.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase } from "#platform/shards.ts";
import { fleetMetrics } from "./fleet-metrics.ts";
import type { SnapshotWants } from "./metrics-snapshot.ts";

/**
 * The time that a read may spend on folding before it answers what is folded; the watermark gauge tells how
 * far that is.
 */
export const FOLD_MS_MAX = 3_000;

/** Half of the scraper's timeout: the other half is for reading and sending. */
export function foldBudgetMs(scrapeTimeoutSeconds: string | undefined): number {
  const timeoutMs = Number(scrapeTimeoutSeconds) * 1_000;
  if (!Number.isFinite(timeoutMs) || timeoutMs <= 0) return FOLD_MS_MAX;
  return Math.min(FOLD_MS_MAX, timeoutMs / 2);
}

/**
 * Folds before a read, so that this counts all that was acknowledged before it began, but for callers' calls
 * that wait for their servers', unless `isOver` ends the folding first.
 */
export async function foldForRead(env: Env, org: Org, isOver: () => boolean): Promise<void> {
  const db = shardDatabase(env, org.shard);
  await settleForRead(env, org, isOver);
  await foldAll(db, foldedOrg(org), Date.now, isOver);
}

/** An `isOver` for a reader that waits so long and no longer. */
export function overAfter(budgetMs: number): () => boolean {
  const overMs = Date.now() + budgetMs;
  return () => Date.now() >= overMs;
}

export function foldedOrg({ org, generation, limits }: Org): FoldedOrg {
  const { seriesMax, seriesLabelBytesMax } = limits;
  return { org, generation, seriesMax, seriesLabelBytesMax };
}

/** The families of one snapshot, in the order of `fleetMetrics`. */
export async function readFigures(
  env: Env,
  org: Org,
  wants: SnapshotWants,
  isOver: () => boolean,
): Promise<MetricFamily[]> {
  await foldForRead(env, org, isOver);
  const place = { env, org: org.org, shard: org.shard };
  return fleetMetrics(await readMetricsSnapshot(place, wants, Date.now()), org.limits);
}
