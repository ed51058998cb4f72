/**
 * Activity as a reader asks for it: from its rows where these know what the filter asks, else from the newest samples
 * that match. It counts what is acknowledged, as any figure does (read-figures.ts).
 */

import type { Pending } from "#calls/figures/pending.ts";
import { readCounted } from "#calls/figures/read-figures.ts";
import { OUTCOMES } from "#calls/outcome.ts";
import {
  type ActivityExtent,
  findActivityExtent,
  findNamedRows,
  findSeriesLabels,
  type NamedRows,
} from "#calls/store/activity/activity-names.ts";
import { readActivityRows } from "#calls/store/activity/activity-rows.ts";
import { scanSamples } from "#calls/store/sample-scan.ts";
import { bucketIndex } from "#formats/exponential-histogram.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { shardDatabase } from "#platform/shards.ts";
import { inSlices } from "#platform/slices.ts";
import { HOUR_MS } from "#platform/time.ts";
import { MINUTES, MINUTES_KEPT_MS, QUARTERS } from "./activity-blocks.ts";
import { cellOf } from "./activity-cells.ts";
import { cellFilter } from "./activity-filter.ts";
import {
  type ActivityAnswer,
  type ActivityLabels,
  type ActivityQuestion,
  type ActivitySink,
  GROUPINGS,
  type GroupKey,
} from "./activity-question.ts";
import { type ActivityRange, activityRange, type RangeFault } from "./activity-range.ts";
import { takePending } from "./pending-activity.ts";

type ActivityRead = Omit<ActivityAnswer<never>, "range" | "sink" | "countedUntilMs" | "labelsOf">;

interface ActivityPlace {
  db: D1Database;
  org: string;
  nowMs: number;
  pending: Pending;
}

/** `sinkOf` makes what the answer is put into, by the steps that it will have. */
export async function readActivity<Sink extends ActivitySink>(
  env: Env,
  org: Org,
  question: ActivityQuestion,
  sinkOf: (range: ActivityRange) => Sink,
  isOver: () => boolean,
): Promise<ActivityAnswer<Sink> | RangeFault> {
  const nowMs = Date.now();
  const keptMs = Math.min(MINUTES_KEPT_MS, org.retention.samplesHours * HOUR_MS);
  const bounds = { nowMs, minutesFromMs: nowMs - keptMs, isGrouped: question.by !== null };
  const range = activityRange(question.asked, bounds);
  if ("kind" in range) return range;
  const place = { db: shardDatabase(env, org.shard), org: org.org, nowMs };
  return readCounted(env, org, isOver, (pending) =>
    readRange({ ...place, pending }, org, { question, range, sink: sinkOf(range) }),
  );
}

interface AskedActivity<Sink extends ActivitySink> {
  question: ActivityQuestion;
  range: ActivityRange;
  sink: Sink;
}

async function readRange<Sink extends ActivitySink>(
  place: ActivityPlace,
  org: Org,
  { question, range, sink }: AskedActivity<Sink>,
): Promise<ActivityAnswer<Sink>> {
  const { nowMs } = place;
  const extent = await findActivityExtent(place.db, org.org, place.pending.lastId);
  if (extent === null) return fail({ kind: "not_found" });
  const retainedMs = nowMs - org.retention.samplesHours * HOUR_MS;
  const prunedToMs = prunedTo(range, Math.max(extent.prunedBeforeMs, retainedMs));
  const isPruned = extent.prunedBeforeMs > range.fromMs;
  const reading = { question, range, oldestMs: isPruned ? prunedToMs : retainedMs };
  // Until they are pruned, samples that are past their retention are in the list of calls, and so in its figures.
  const ofSamples = { ...reading, oldestMs: isPruned ? prunedToMs : range.fromMs };
  const read =
    (await readRows(place, extent, reading, sink)) ?? (await readSamples(place, ofSamples, sink));
  return {
    ...read,
    scannedToMs: read.scannedToMs ?? (isPruned ? prunedToMs : null),
    range,
    sink,
    countedUntilMs: extent.oldestUncountedMs ?? nowMs,
    labelsOf: (keys) => labelsOf(place, keys),
  };
}

/** Of the window in which pruning stopped, some samples are gone: what is told begins behind it. */
function prunedTo({ toMs }: ActivityRange, prunedBeforeMs: number): number {
  return Math.min(toMs, Math.ceil(prunedBeforeMs / QUARTERS.windowMs) * QUARTERS.windowMs);
}

interface ActivityReading {
  question: ActivityQuestion;
  range: ActivityRange;
  /** Before it nothing is kept. */
  oldestMs: number;
}

/** Null where rows do not know. */
async function readRows(
  place: ActivityPlace,
  extent: ActivityExtent,
  { question: { filter, by }, range, oldestMs }: ActivityReading,
  sink: ActivitySink,
): Promise<ActivityRead | null> {
  const isWanted = cellFilter(filter);
  if (isWanted === null || range.fromMs < extent.activityFromMs) return null;
  const named = await findNamedRows(place.db, place.org, filter, by, extent);
  if (named === null) return null;
  const tier = range.stepMs % QUARTERS.windowMs === 0 ? QUARTERS : MINUTES;
  const { windowMs } = tier;
  const windows = {
    from: Math.floor(Math.max(range.fromMs, oldestMs) / windowMs),
    // Samples are taken to five minutes ahead: what is yet to come has no rows.
    to: Math.min(range.toMs / windowMs, Math.ceil(place.nowMs / windowMs) + AHEAD_WINDOWS),
  };
  const stepOf = (window: number) => Math.floor((window * windowMs - range.fromMs) / range.stepMs);
  const sinksOfStep = stepSinks(named, by, sink);
  const taker = { isWanted, sinksOf: (window: number) => sinksOfStep(stepOf(window)) };
  const { db, org, pending } = place;
  const readTo = await readActivityRows(db, org, tier, named.rows, windows, taker);
  takePending(pending, tier, named.rows, { from: readTo, to: windows.to }, taker);
  return {
    source: tier === MINUTES ? "minutes" : "quarter_hours",
    scannedToMs: readTo > windows.from ? readTo * windowMs : null,
  };
}

/** More than five minutes, whichever the window. */
const AHEAD_WINDOWS = 10;

function stepSinks({ rows, labels }: NamedRows, by: ActivityQuestion["by"], sink: ActivitySink) {
  const keys = new Map<number, GroupKey>();
  for (const [number, ofNumber] of labels) keys.set(number, by === null ? 0 : keyOf(by, ofNumber));
  return (step: number) => (number: number) => {
    const key = keys.get(number);
    // A plugin that a fold has numbered since its labels were read: its calls arrived since.
    if (key === undefined && rows.column === "plugins") return null;
    return sink.of(step, key ?? number);
  };
}

function keyOf(by: NonNullable<ActivityQuestion["by"]>, labels: ActivityLabels): GroupKey {
  return JSON.stringify(GROUPINGS[by].map((label) => labels[label]));
}

/** Of a sample: how late in the range it began, its outcome, and how long it took. */
const figuresOf = ({ fromMs }: ActivityRange) => [
  `started_at_ms - ${fromMs}`,
  `CASE outcome ${OUTCOMES.map((name, index) => `WHEN '${name}' THEN ${index}`).join(" ")} END`,
  "duration_us",
];
/** A sample's figures are parsed, its bucket found, and counted. */
const SAMPLE_COST_US = 0.2;

async function readSamples(
  { db, org }: ActivityPlace,
  { question: { filter, by }, range, oldestMs }: ActivityReading,
  sink: ActivitySink,
): Promise<ActivityRead> {
  const { fromMs, toMs, stepMs } = range;
  const times = { fromMs: Math.max(fromMs, oldestMs), toMs };
  const asked = { groupBy: by === null ? [] : GROUPINGS[by], figures: figuresOf(range) };
  const { groups, scannedToMs } = await scanSamples(db, org, { ...filter, ...times }, asked);
  // Of what began before it some were not looked at: what is told is what the list of calls has from then on.
  const coveredMs = scannedToMs === null ? 0 : scannedToMs - fromMs;
  await inSlices(
    groups,
    ({ figures }) => figures.length * SAMPLE_COST_US,
    ({ key, figures }) => {
      const group = by === null ? 0 : JSON.stringify(key);
      for (let at = 0; at < figures.length; at += 3) {
        if (figures[at]! < coveredMs) continue;
        const cell = cellOf(figures[at + 1]!, bucketIndex(figures[at + 2]!));
        sink.of(Math.floor(figures[at]! / stepMs), group).add(cell, 1);
      }
    },
  );
  return { source: "samples", scannedToMs };
}

/** In the order of the keys. */
async function labelsOf(
  { db, org }: ActivityPlace,
  keys: readonly GroupKey[],
): Promise<ActivityLabels[]> {
  const series = keys.filter((key) => typeof key === "number");
  const found = await findSeriesLabels(db, org, series);
  return keys.map((key) => {
    if (typeof key === "number") return found.get(key) ?? {};
    const labels = JSON.parse(key) as string[];
    return Object.fromEntries(labels.map((label, index) => [GROUPINGS.tool[index], label]));
  });
}
