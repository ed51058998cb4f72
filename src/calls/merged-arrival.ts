/**
 * Many small arrivals as one: a reader adds what is not folded yet to its answer, and a row a call would be looked at by
 * each of them. What is counted is the same, group by group and report by report.
 */
import {
  type Arrival,
  type LagRow,
  latestExemplars,
  type ReportRow,
  reportsOf,
} from "./arrival.ts";
import { regroupedArrivals } from "./regrouped-arrivals.ts";

export interface ReceivedArrival {
  arrival: Arrival;
  receivedMs: number;
}

/** It has the latest exemplars alone, as a report has. */
export function mergedArrival(received: readonly ReceivedArrival[]): Arrival {
  const arrivals = received.map(({ arrival }) => arrival);
  const [merged] = regroupedArrivals(arrivals, Number.POSITIVE_INFINITY);
  const [, , , , names, groups, exemplars, , , minutes] = merged ?? NO_CALLS;
  const reports = received.flatMap(({ arrival, receivedMs }) => reportsOf(arrival, receivedMs));
  const told = [names, groups, latestExemplars(exemplars)] as const;
  return [null, null, null, null, ...told, [], null, minutes ?? [], withLagsTogether(reports)];
}

const NO_CALLS: Arrival = [null, null, null, null, [], [], [], [], null, []];

/** All of an instance's lags with its first report: they are summed whoever brought them. */
function withLagsTogether(reports: readonly ReportRow[]): ReportRow[] {
  const summed = new Map<string, Map<string, LagRow>>();
  for (const [instance, , , , , , lags] of reports) {
    const known = summed.get(instance) ?? new Map<string, LagRow>();
    summed.set(instance, known);
    for (const lag of lags) addLag(known, lag);
  }
  return reports.map(([instance, epochMs, seq, dropped, isFinal, receivedMs]) => {
    const lags = [...(summed.get(instance)?.values() ?? [])];
    summed.delete(instance);
    return [instance, epochMs, seq, dropped, isFinal, receivedMs, lags];
  });
}

function addLag(known: Map<string, LagRow>, lag: LagRow): void {
  const [bucket, count, sumUs, ...when] = lag;
  const key = `${bucket},${when.join()}`;
  const before = known.get(key);
  known.set(key, [bucket, (before?.[1] ?? 0) + count, (before?.[2] ?? 0) + sumUs, ...when]);
}
