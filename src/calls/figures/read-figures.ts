/**
 * Reading figures: first callers' calls that have waited are settled; then what is stored is read, and what is
 * acknowledged and not folded yet is added to it. Scrapes, rollups, activity and the metrics push read no other way.
 */

import type { Pending } from "#calls/figures/pending.ts";
import { settleForRead } from "#calls/pairing/settle-calls.ts";
import { countForRead, findFolds } from "#calls/store/fold/count-for-read.ts";
import type { FoldedOrg } from "#calls/store/fold/fold-series.ts";
import { readMetricsSnapshot } from "#calls/store/read-snapshot.ts";
import type { MetricFamily } from "#formats/exposition/metric-family.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase } from "#platform/shards.ts";
import { fleetMetrics } from "./fleet-metrics.ts";
import type { SnapshotWants } from "./metrics-snapshot.ts";

/**
 * The time that a read may spend on folding a large backlog before it answers what is folded; the watermark gauge
 * tells how far that is.
 */
export const FOLD_MS_MAX = 3_000;

/** So often others may fold while something is read; then the reader folds all itself, and adds nothing. */
const TRIES_MAX = 4;

/** Half of the scraper's timeout: the other half is for reading and sending. */
export function foldBudgetMs(scrapeTimeoutSeconds: string | undefined): number {
  const timeoutMs = Number(scrapeTimeoutSeconds) * 1_000;
  if (!Number.isFinite(timeoutMs) || timeoutMs <= 0) return FOLD_MS_MAX;
  return Math.min(FOLD_MS_MAX, timeoutMs / 2);
}

/**
 * Reads what is stored by `read`, which adds what it is given: together they count all that was acknowledged before,
 * but for callers' calls that wait for their servers', unless `isOver` ends the folding of a large backlog first. It
 * reads again where something was folded meanwhile: then both might have counted it.
 */
export async function readCounted<Answer>(
  env: Env,
  org: Org,
  isOver: () => boolean,
  read: (pending: Pending) => Promise<Answer>,
): Promise<Answer> {
  const db = shardDatabase(env, org.shard);
  await settleForRead(env, org, isOver);
  for (let tries = 0; ; tries += 1) {
    const pending = await countForRead(db, foldedOrg(org), isOver, tries < TRIES_MAX);
    const answer = await read(pending);
    if (pending.lastId === "") return answer;
    if ((await findFolds(db, org.org)) === pending.folds) return answer;
  }
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
  const place = { env, org: org.org, shard: org.shard };
  const snapshot = await readCounted(env, org, isOver, (pending) =>
    readMetricsSnapshot(place, wants, Date.now(), pending),
  );
  return fleetMetrics(snapshot, org.limits);
}
