/**
 * What one report adds to the figures: the payload of a row of `arrivals`, written with the samples
 * in one transaction and folded into totals, rollups and activity later. It is grouped by series, minute, bucket
 * and outcome, because that is all the fold needs; the fold never reads samples.
 *
 * As stored, a JSON array: [instance|null, epochMs|null, seq|null, dropped|null, names, groups, exemplars, lags, isFinal|null, minutes, reports]
 * - names: [workspace, plugin, tool] per series of this report; with a 1 behind for calls of a tool that its
 *   server does not know, apart from its others
 * - groups: [series, hour, bucket, outcome, count, sumUs, minUs, maxUs]; a lone sample ends after count's
 *   place with its duration: [series, hour, bucket, outcome, durationUs]
 * - exemplars: [series, classicBucket, durationUs, endedAtMs, invocationId, traceId|null]
 * - lags: [bucket, count, sumUs, minute of the calls' start], with a 1 behind for calls that came before their end
 * - isFinal: the instance's goodbye; null for spans, absent where none could be said yet
 * - minutes: [minute, count] for each run of so many groups, in their order: a report's samples mostly share one.
 *   Absent where arrivals did not tell the minute yet
 * - reports: [instance, epochMs|null, seq|null, dropped|null, isFinal|null, receivedMs, lags] of those that were merged
 *   (src/calls/merged-arrival.ts); absent of a report's own
 */

import {
  bucketIndex,
  CLASSIC_BUCKETS,
  classicBucket,
  INDEX_MAX,
  ZERO_BUCKET_INDEX,
} from "#formats/exponential-histogram.ts";
import { HOUR_MS, MINUTE_MS } from "#platform/time.ts";
import type { Call } from "./call.ts";
import { OUTCOMES, REPLAY } from "./outcome.ts";

const BUCKETS = INDEX_MAX - ZERO_BUCKET_INDEX + 1;

/**
 * Exemplars are examples: a report carries its latest. One for each bucket of each series would be
 * half of an arrival's bytes, and be replaced by the next report.
 */
const EXEMPLARS_MAX = 128;

export type SeriesName = readonly [workspace: string, plugin: string, tool: string];
export type ArrivalName = readonly [...SeriesName, isUnknown?: 1];
export type GroupRow =
  | [series: number, hour: number, bucket: number, outcome: number, durationUs: number]
  | [
      series: number,
      hour: number,
      bucket: number,
      outcome: number,
      count: number,
      sumUs: number,
      minUs: number,
      maxUs: number,
    ];
export type ExemplarRow = [
  series: number,
  classicBucket: number,
  durationUs: number,
  endedAtMs: number,
  invocationId: string,
  traceId: string | null,
];
export type LagRow = [bucket: number, count: number, sumUs: number, minute?: number, isAhead?: 1];
export type ReportRow = readonly [
  instance: string,
  epochMs: number | null,
  seq: number | null,
  dropped: number | null,
  isFinal: boolean | null,
  receivedMs: number,
  lags: readonly LagRow[],
];
export type MinuteRun = [minute: number, groups: number];

/** Of groups whose minute nobody told. */
export const UNKNOWN_MINUTE = 0;

/**
 * A stored arrival. Without an instance it holds what several reports told: merged with these, or series that were
 * regrouped from them (src/calls/regrouped-arrivals.ts).
 */
export type Arrival = [
  instance: string | null,
  epochMs: number | null,
  seq: number | null,
  dropped: number | null,
  names: ArrivalName[],
  groups: GroupRow[],
  exemplars: ExemplarRow[],
  lags: LagRow[],
  isFinal?: boolean | null,
  minutes?: MinuteRun[],
  reports?: readonly ReportRow[],
];

export interface ReportHeader {
  instance: string;
  epochMs: number | null;
  seq: number | null;
  dropped: number | null;
  /** The instance's goodbye; null for spans, which are no report of its own. */
  isFinal: boolean | null;
  receivedAtMs: number;
}

/** Groups a report's new samples. Without samples it is a heartbeat. */
export function buildArrival(header: ReportHeader, calls: readonly Call[]): Arrival {
  const names = new SeriesNames();
  const minutes = new Map<number, Map<number, GroupRow>>();
  const exemplars = new Map<number, ExemplarRow>();
  const lags = new Map<string, LagRow>();
  for (const call of calls) {
    const series = names.indexOf(call);
    addToGroup(groupsOfMinute(minutes, call), series, call);
    addLag(lags, call, call.span?.receivedAtMs ?? header.receivedAtMs);
    if (call.outcomeIndex !== REPLAY) addExemplar(exemplars, series, call);
  }
  return [
    header.instance,
    header.epochMs,
    header.seq,
    header.dropped,
    names.list,
    [...minutes.values()].flatMap((groups) => [...groups.values()]),
    latestExemplars(exemplars.values()),
    [...lags.values()],
    header.isFinal,
    [...minutes].map(([minute, groups]): MinuteRun => [minute, groups.size]),
  ];
}

/** Whoever reported it; nobody of what was regrouped. `receivedMs` is when the arrival's only report came. */
export function reportsOf(arrival: Arrival, receivedMs: number): readonly ReportRow[] {
  const [instance, epochMs, seq, dropped, , , , lags, isFinal = null, , reports = []] = arrival;
  if (instance === null) return reports;
  return [[instance, epochMs, seq, dropped, isFinal, receivedMs, lags]];
}

/** The minute of each run of groups, in the order of the groups. */
export function minuteRuns(arrival: Arrival): readonly MinuteRun[] {
  return arrival[9] ?? [[UNKNOWN_MINUTE, arrival[5].length]];
}

/** It was regrouped: a report's calls may be in several such. */
export function isRegrouped(arrival: Arrival): boolean {
  return arrival[0] === null && arrival[10] === undefined;
}

export function parseArrival(payload: string): Arrival {
  return JSON.parse(payload) as Arrival;
}

class SeriesNames {
  readonly list: ArrivalName[] = [];
  readonly #indexes = new Map<string, number>();

  indexOf(call: Call): number {
    const arrivalName = arrivalNameOf(call);
    const key = arrivalKey(arrivalName);
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    this.#indexes.set(key, this.list.length);
    return this.list.push(arrivalName) - 1;
  }
}

/** JSON-RPC's "method not found" and "invalid params": how MCP servers answer a call of a tool they have not. */
const UNKNOWN_CODES: ReadonlySet<string | null> = new Set(["-32601", "-32602"]);

/** What an arrival has the call under. */
export function arrivalNameOf(call: Call): ArrivalName {
  const { workspace, plugin, tool } = call;
  return isUnknownCall(call) ? [workspace, plugin, tool, 1] : [workspace, plugin, tool];
}

function isUnknownCall({ outcome, errorCode }: Call): boolean {
  return outcome === "client_error" && UNKNOWN_CODES.has(errorCode);
}

export function arrivalKey(name: ArrivalName): string {
  return name.join("\0");
}

/** Names hold no NUL (the schema refuses it), so the key is unambiguous. */
export function seriesKey(workspace: string, plugin: string, tool: string): string {
  return `${workspace}\0${plugin}\0${tool}`;
}

/** One number for (series, bucket, outcome): a text key takes three times as long to make. */
function groupKey(series: number, bucket: number, outcome: number): number {
  return (series * BUCKETS + bucket - ZERO_BUCKET_INDEX) * OUTCOMES.length + outcome;
}

function groupsOfMinute(
  minutes: Map<number, Map<number, GroupRow>>,
  { startedAtMs }: Call,
): Map<number, GroupRow> {
  const minute = Math.floor(startedAtMs / MINUTE_MS);
  let groups = minutes.get(minute);
  if (groups === undefined) {
    groups = new Map();
    minutes.set(minute, groups);
  }
  return groups;
}

function addToGroup(groups: Map<number, GroupRow>, series: number, call: Call): void {
  const { durationUs, bucket, outcomeIndex } = call;
  const hour = Math.floor(call.startedAtMs / HOUR_MS);
  const key = groupKey(series, bucket, outcomeIndex);
  const group = groups.get(key);
  if (group === undefined) {
    groups.set(key, [series, hour, bucket, outcomeIndex, durationUs]);
    return;
  }
  const [, , , , count, sumUs, minUs, maxUs] = widened(group);
  groups.set(key, [
    series,
    hour,
    bucket,
    outcomeIndex,
    count + 1,
    sumUs + durationUs,
    Math.min(minUs, durationUs),
    Math.max(maxUs, durationUs),
  ]);
}

/** The same group as short as it may be. */
export function narrowed(group: GroupRow): GroupRow {
  if (group.length !== 8 || group[4] !== 1) return group;
  const [series, hour, bucket, outcome, , durationUs] = group;
  return [series, hour, bucket, outcome, durationUs];
}

/** A group in its long form. */
export function widened(group: GroupRow): GroupRow & { length: 8 } {
  if (group.length === 8) return group;
  const [series, hour, bucket, outcome, durationUs] = group;
  return [series, hour, bucket, outcome, 1, durationUs, durationUs, durationUs];
}

export function callsOfGroup(group: GroupRow): number {
  return group.length === 8 ? group[4] : 1;
}

function addLag(lags: Map<string, LagRow>, call: Call, receivedAtMs: number): void {
  const endedAtUs = call.startedAtMs * 1_000 + call.durationUs;
  const signedUs = receivedAtMs * 1_000 - endedAtUs;
  const lagUs = Math.max(0, signedUs);
  const bucket = bucketIndex(lagUs);
  const minute = Math.floor(call.startedAtMs / MINUTE_MS);
  const key = `${minute},${bucket},${signedUs < 0}`;
  const lag = lags.get(key);
  if (lag === undefined) {
    lags.set(key, signedUs < 0 ? [bucket, 1, lagUs, minute, 1] : [bucket, 1, lagUs, minute]);
    return;
  }
  lag[1] += 1;
  lag[2] += lagUs;
}

/** The latest call of each classic bucket stands for it on a graph. */
function addExemplar(exemplars: Map<number, ExemplarRow>, series: number, call: Call): void {
  const bucket = classicBucket(call.bucket);
  const endedAtMs = Math.round(call.startedAtMs + call.durationUs / 1_000);
  const key = series * CLASSIC_BUCKETS + bucket;
  const known = exemplars.get(key);
  if (known !== undefined && known[3] > endedAtMs) return;
  const { durationUs, id, traceId } = call;
  exemplars.set(key, [series, bucket, durationUs, endedAtMs, id, traceId]);
}

export function latestExemplars(exemplars: Iterable<ExemplarRow>): ExemplarRow[] {
  const rows = [...exemplars];
  if (rows.length <= EXEMPLARS_MAX) return rows;
  return rows.sort((a, b) => b[3] - a[3]).slice(0, EXEMPLARS_MAX);
}
