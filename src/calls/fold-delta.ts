/**
 * What a run of arrivals adds up to. The fold reads arrivals, sums them here, and adds the sums to
 * totals, hours and days in one transaction.
 */

import { addCell, addCells, type Cells, cellOf } from "#calls/activity/activity-cells.ts";
import { type LagMinutes, lagOfMinute } from "#calls/lag/lag-tally.ts";
import { CLASSIC_BUCKETS, classicBucket } from "#formats/exponential-histogram.ts";
import { HOUR_MS, HOURS_PER_DAY } from "#platform/time.ts";
import {
  type Arrival,
  type ArrivalName,
  arrivalKey,
  type ExemplarRow,
  type GroupRow,
  type LagRow,
  minuteRuns,
  type ReportRow,
  reportsOf,
  type SeriesName,
  UNKNOWN_MINUTE,
  widened,
} from "./arrival.ts";
import { OK, OUTCOMES, REPLAY } from "./outcome.ts";

/** The calls of one series in one window. */
export class Tally {
  readonly outcomes: number[] = OUTCOMES.map(() => 0);
  readonly buckets = new Map<number, number>();
  /** This figure and the next two are of calls: replays have no latency. */
  sumUs = 0;
  minUs: number | null = null;
  maxUs: number | null = null;

  add(outcome: number, bucket: number, count: number, sumUs: number, minUs: number, maxUs: number) {
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + count;
    if (outcome === REPLAY) return;
    this.buckets.set(bucket, (this.buckets.get(bucket) ?? 0) + count);
    this.sumUs += sumUs;
    this.minUs = this.minUs === null ? minUs : Math.min(this.minUs, minUs);
    this.maxUs = this.maxUs === null ? maxUs : Math.max(this.maxUs, maxUs);
  }

  merge(other: Tally): void {
    other.outcomes.forEach((count, outcome) => {
      this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + count;
    });
    for (const [bucket, count] of other.buckets) {
      this.buckets.set(bucket, (this.buckets.get(bucket) ?? 0) + count);
    }
    if (other.minUs === null || other.maxUs === null) return;
    this.sumUs += other.sumUs;
    this.minUs = this.minUs === null ? other.minUs : Math.min(this.minUs, other.minUs);
    this.maxUs = this.maxUs === null ? other.maxUs : Math.max(this.maxUs, other.maxUs);
  }

  /** Counts at the classic bounds, not cumulative: they follow exactly from the native buckets. */
  classicCounts(): number[] {
    const counts = new Array<number>(CLASSIC_BUCKETS).fill(0);
    for (const [bucket, count] of this.buckets) {
      const classic = classicBucket(bucket);
      counts[classic] = (counts[classic] ?? 0) + count;
    }
    return counts;
  }
}

/** Counts by bucket as JSON, as they are stored. */
export function bucketsText(buckets: ReadonlyMap<number, number>): string {
  let text = "{";
  for (const [bucket, count] of buckets)
    text += `${text.length > 1 ? "," : ""}"${bucket}":${count}`;
  return `${text}}`;
}

/** One tally for several, without copying a lone one. */
export function mergedTally(tallies: readonly Tally[]): Tally {
  const [first, ...rest] = tallies;
  if (first === undefined) return new Tally();
  if (rest.length === 0) return first;
  const merged = new Tally();
  for (const tally of tallies) merged.merge(tally);
  return merged;
}

export class SeriesDelta {
  readonly hours = new Map<number, Tally>();
  /** The same calls by minute: all whose minute is known. */
  readonly minutes = new Map<number, Cells>();
  readonly exemplars = new Map<number, ExemplarRow>();
  readonly name: SeriesName;
  /** All its calls were answered that there is no such tool (arrival.ts). */
  readonly isUnknown: boolean;
  /** Whose calls these are: each by its `arrivalKey`, whatever they are counted under. */
  readonly sources: string[] = [];
  firstSeenMs = Number.POSITIVE_INFINITY;
  lastSeenMs = 0;

  constructor(name: SeriesName, isUnknown = false) {
    this.name = name;
    this.isUnknown = isUnknown;
  }

  /** A replay repeats what once succeeded. */
  get hasSucceeded(): boolean {
    const hasSome = ({ outcomes }: Tally) => (outcomes[OK] ?? 0) + (outcomes[REPLAY] ?? 0) > 0;
    return [...this.hours.values()].some(hasSome);
  }

  hour(hour: number): Tally {
    let tally = this.hours.get(hour);
    if (tally === undefined) {
      tally = new Tally();
      this.hours.set(hour, tally);
    }
    return tally;
  }

  minute(minute: number): Cells {
    let cells = this.minutes.get(minute);
    if (cells === undefined) {
      cells = new Map();
      this.minutes.set(minute, cells);
    }
    return cells;
  }

  addExemplar(exemplar: ExemplarRow): void {
    const known = this.exemplars.get(exemplar[1]);
    if (known === undefined || known[3] <= exemplar[3]) this.exemplars.set(exemplar[1], exemplar);
  }

  merge(other: SeriesDelta): void {
    for (const [hour, tally] of other.hours) this.hour(hour).merge(tally);
    for (const [minute, cells] of other.minutes) addCells(this.minute(minute), cells);
    for (const exemplar of other.exemplars.values()) this.addExemplar(exemplar);
    this.sources.push(...other.sources);
    this.firstSeenMs = Math.min(this.firstSeenMs, other.firstSeenMs);
    this.lastSeenMs = Math.max(this.lastSeenMs, other.lastSeenMs);
  }

  /** By days since the epoch; a day of a lone hour shares its tally. */
  days(): Map<number, Tally> {
    const days = new Map<number, Tally[]>();
    for (const [hour, tally] of this.hours) {
      const day = Math.floor(hour / HOURS_PER_DAY);
      days.set(day, [...(days.get(day) ?? []), tally]);
    }
    return new Map([...days].map(([day, tallies]) => [day, mergedTally(tallies)]));
  }
}

export interface InstanceReport {
  epochMs: number | null;
  seq: number | null;
  dropped: number | null;
  /** The instance's goodbye; null for spans, which are no report of its own. */
  isFinal: boolean | null;
  receivedMs: number;
}

export class InstanceDelta {
  readonly reports: InstanceReport[] = [];
  readonly lagBuckets = new Map<number, number>();
  /** By the minute in which calls began, where the arrival told it. */
  readonly lagMinutes: LagMinutes = new Map();
  lagSumUs = 0;
  firstReportMs = Number.POSITIVE_INFINITY;
  lastReportMs = 0;

  addLags(lags: readonly LagRow[]): void {
    for (const [bucket, count, sumUs, minute, isAhead] of lags) {
      this.lagBuckets.set(bucket, (this.lagBuckets.get(bucket) ?? 0) + count);
      this.lagSumUs += sumUs;
      if (minute !== undefined)
        lagOfMinute(this.lagMinutes, minute).add(bucket, count, isAhead === 1);
    }
  }

  merge(other: InstanceDelta): void {
    this.addLags([...other.lagBuckets].map(([bucket, count]) => [bucket, count, 0]));
    this.lagSumUs += other.lagSumUs;
    for (const [minute, tally] of other.lagMinutes)
      lagOfMinute(this.lagMinutes, minute).merge(tally);
    this.firstReportMs = Math.min(this.firstReportMs, other.firstReportMs);
    this.lastReportMs = Math.max(this.lastReportMs, other.lastReportMs);
  }
}

export class FoldDelta {
  /** By `arrivalKey`: of one tool there may be two. */
  readonly series = new Map<string, SeriesDelta>();
  readonly instances = new Map<string, InstanceDelta>();
  /** (series, hour) pairs touched: what the transaction's cost grows with. */
  tallyCount = 0;
  readonly minutes = new Set<number>();
  /** (series, minute) pairs touched. */
  minuteCount = 0;
  /** Activity of before this time is not known of all calls: some arrived that did not tell their minute. */
  activityFromMs = 0;
  readonly #nowMs: number;

  /** What a clock ahead of this one received arrived by now. */
  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  /** `receivedMs` is when the first of its calls arrived. */
  add(arrival: Arrival, receivedMs: number): void {
    const reports = reportsOf(arrival, receivedMs);
    const firstMs = this.#byNow(receivedMs);
    const lastMs = reports.reduce(
      (last, [, , , , , ms]) => Math.max(last, this.#byNow(ms)),
      firstMs,
    );
    const [, , , , names, groups, exemplars] = arrival;
    const touched = names.map((name) => this.#seriesDelta(name, firstMs, lastMs));
    for (const group of groups) {
      const [series, hour, bucket, outcome, count, sumUs, minUs, maxUs] = widened(group);
      const delta = touched[series] as SeriesDelta;
      if (!delta.hours.has(hour)) this.tallyCount += 1;
      delta.hour(hour).add(outcome, bucket, count, sumUs, minUs, maxUs);
    }
    let at = 0;
    for (const [minute, count] of minuteRuns(arrival)) {
      const run = groups.slice(at, at + count);
      if (minute === UNKNOWN_MINUTE) this.#noteUnknownMinutes(run);
      else this.#addMinute(minute, touched, run);
      at += count;
    }
    for (const exemplar of exemplars) touched[exemplar[0]]?.addExemplar(exemplar);
    for (const report of reports) this.#addReport(report);
  }

  #byNow(ms: number): number {
    return Math.min(this.#nowMs, ms);
  }

  #addReport([instance, epochMs, seq, dropped, isFinal, ms, lags]: ReportRow): void {
    const receivedMs = this.#byNow(ms);
    const reporter = this.#instanceDelta(instance, receivedMs);
    reporter.addLags(lags);
    reporter.reports.push({ epochMs, seq, dropped, isFinal, receivedMs });
  }

  /** Rows of activity touched, at most, where a window has so many blocks. */
  activityRows(blocks: number): number {
    const quarters = new Set([...this.minutes].map((minute) => Math.floor(minute / 15)));
    const rowsOf = (windows: number) => Math.min(this.minuteCount, windows * blocks);
    return rowsOf(this.minutes.size) + rowsOf(quarters.size);
  }

  #addMinute(minute: number, touched: readonly SeriesDelta[], groups: readonly GroupRow[]): void {
    this.minutes.add(minute);
    const ofSeries: Cells[] = [];
    for (const group of groups) {
      const series = group[0];
      const cells = ofSeries[series] ?? this.#cellsOf(touched[series] as SeriesDelta, minute);
      ofSeries[series] = cells;
      addCell(cells, cellOf(group[3], group[2]), group.length === 8 ? group[4] : 1);
    }
  }

  #cellsOf(delta: SeriesDelta, minute: number): Cells {
    if (!delta.minutes.has(minute)) this.minuteCount += 1;
    return delta.minute(minute);
  }

  #noteUnknownMinutes(groups: readonly GroupRow[]): void {
    for (const [, hour] of groups) {
      this.activityFromMs = Math.max(this.activityFromMs, (hour + 1) * HOUR_MS);
    }
  }

  #seriesDelta(arrivalName: ArrivalName, firstMs: number, lastMs: number): SeriesDelta {
    const key = arrivalKey(arrivalName);
    let delta = this.series.get(key);
    if (delta === undefined) {
      const [workspace, plugin, tool, isUnknown] = arrivalName;
      delta = new SeriesDelta([workspace, plugin, tool], isUnknown === 1);
      delta.sources.push(key);
      this.series.set(key, delta);
    }
    delta.firstSeenMs = Math.min(delta.firstSeenMs, firstMs);
    delta.lastSeenMs = Math.max(delta.lastSeenMs, lastMs);
    return delta;
  }

  #instanceDelta(instance: string, receivedMs: number): InstanceDelta {
    let delta = this.instances.get(instance);
    if (delta === undefined) {
      delta = new InstanceDelta();
      this.instances.set(instance, delta);
    }
    delta.firstReportMs = Math.min(delta.firstReportMs, receivedMs);
    delta.lastReportMs = Math.max(delta.lastReportMs, receivedMs);
    return delta;
  }
}
