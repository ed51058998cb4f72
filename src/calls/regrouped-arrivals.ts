/**
 * A backlog rewritten so that no series is in two arrivals. Reports of a large fleet each touch a
 * few of many series; folded one after the other they would patch every row again and again, where
 * regrouped ones patch it once. What is counted is the same, group by group.
 */
import {
  type Arrival,
  type ArrivalName,
  arrivalKey,
  type ExemplarRow,
  type GroupRow,
  type MinuteRun,
  minuteRuns,
  narrowed,
  widened,
} from "./arrival.ts";

type WideGroup = GroupRow & { length: 8 };

interface RegroupedSeries {
  name: ArrivalName;
  /** By minute, and there by what groups are told apart by. */
  minutes: Map<number, Map<string, WideGroup>>;
  exemplars: Map<number, ExemplarRow>;
}

/** The arrivals' reports and lags without their series: who reported what stays where it was. */
export function strippedArrival(arrival: Arrival): Arrival {
  const [instance, epochMs, seq, dropped, , , , lags, isFinal = null, , reports] = arrival;
  if (reports !== undefined) return [null, null, null, null, [], [], [], [], null, [], reports];
  return [instance, epochMs, seq, dropped, [], [], [], lags, isFinal];
}

/** The arrivals' series, in arrivals of at most `seriesMax` that no instance reported. They share no row with the given. */
export function regroupedArrivals(arrivals: readonly Arrival[], seriesMax: number): Arrival[] {
  const series = new Map<string, RegroupedSeries>();
  for (const arrival of arrivals) addArrival(series, arrival);
  const all = [...series.values()];
  const regrouped: Arrival[] = [];
  for (let start = 0; start < all.length; start += seriesMax) {
    regrouped.push(toArrival(all.slice(start, start + seriesMax)));
  }
  return regrouped;
}

function addArrival(series: Map<string, RegroupedSeries>, arrival: Arrival): void {
  const [, , , , names, groups, exemplars] = arrival;
  const touched = names.map((name) => regroupedSeries(series, name));
  let at = 0;
  for (const [minute, count] of minuteRuns(arrival)) {
    for (const group of groups.slice(at, at + count)) {
      addGroup(touched[group[0]] as RegroupedSeries, minute, widened(group));
    }
    at += count;
  }
  for (const exemplar of exemplars) {
    const known = touched[exemplar[0]]?.exemplars;
    if ((known?.get(exemplar[1])?.[3] ?? 0) <= exemplar[3]) known?.set(exemplar[1], [...exemplar]);
  }
}

function regroupedSeries(series: Map<string, RegroupedSeries>, name: ArrivalName): RegroupedSeries {
  const key = arrivalKey(name);
  const known = series.get(key) ?? { name, minutes: new Map(), exemplars: new Map() };
  series.set(key, known);
  return known;
}

function addGroup({ minutes }: RegroupedSeries, minute: number, group: WideGroup): void {
  const groups = minutes.get(minute) ?? new Map<string, WideGroup>();
  minutes.set(minute, groups);
  const [, hour, bucket, outcome, count, sumUs, minUs, maxUs] = group;
  const key = `${hour},${bucket},${outcome}`;
  const known = groups.get(key);
  if (known === undefined) {
    groups.set(key, [...group] as WideGroup);
    return;
  }
  known[4] += count;
  known[5] += sumUs;
  known[6] = Math.min(known[6], minUs);
  known[7] = Math.max(known[7], maxUs);
}

function toArrival(series: readonly RegroupedSeries[]): Arrival {
  const minutes = new Map<number, GroupRow[]>();
  const exemplars: ExemplarRow[] = [];
  series.forEach((one, index) => {
    for (const [minute, groups] of one.minutes) {
      const rows = minutes.get(minute) ?? [];
      minutes.set(minute, rows);
      for (const group of groups.values()) rows.push(narrowed(withSeries(group, index)));
    }
    for (const exemplar of one.exemplars.values()) exemplars.push(withSeries(exemplar, index));
  });
  const names = series.map(({ name }) => name);
  const groups = [...minutes.values()].flat();
  const runs = [...minutes].map(([minute, rows]): MinuteRun => [minute, rows.length]);
  return [null, null, null, null, names, groups, exemplars, [], null, runs];
}

function withSeries<Row extends WideGroup | ExemplarRow>(row: Row, series: number): Row {
  row[0] = series;
  return row;
}
