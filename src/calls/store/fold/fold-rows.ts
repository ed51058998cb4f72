/** The JSON rows that the fold's statements read (src/calls/store/fold/fold-statements.ts). */
import {
  bucketsText,
  type InstanceDelta,
  mergedTally,
  type SeriesDelta,
  type Tally,
} from "#calls/fold-delta.ts";
import { hasDeparted } from "#calls/instance-goodbye.ts";
import { droppedTotal, type InstanceReports } from "#calls/instance-reports.ts";
import { classicValues } from "./classic-columns.ts";

export interface FoldRows {
  series: string[];
  hourly: string[];
  daily: string[];
}

/** Appends the rows of one series. A tally is serialised once, even if an hour and a day share it. */
export function appendSeriesRows(rows: FoldRows, series: number, delta: SeriesDelta): void {
  const texts = new Map<Tally, string>();
  const textOf = (tally: Tally): string => {
    const known = texts.get(tally);
    if (known !== undefined) return known;
    const text = tallyText(tally);
    texts.set(tally, text);
    return text;
  };
  for (const [hour, tally] of delta.hours) rows.hourly.push(`[${series},${hour},${textOf(tally)}]`);
  for (const [day, tally] of delta.days()) rows.daily.push(`[${series},${day},${textOf(tally)}]`);
  rows.series.push(seriesRow(series, delta));
}

function seriesRow(series: number, delta: SeriesDelta): string {
  const [workspace, plugin, tool] = delta.name.map((name) => JSON.stringify(name));
  const total = mergedTally([...delta.hours.values()]);
  const exemplars = [...delta.exemplars].map(
    ([bucket, [, , durationUs, endedAtMs, id, traceId]]) =>
      `"${bucket}":${JSON.stringify([durationUs, endedAtMs, id, traceId])}`,
  );
  return `[${series},${workspace},${plugin},${tool},${delta.firstSeenMs},${delta.lastSeenMs},${total.outcomes.join()},${
    total.sumUs
  },${classicValues(total.classicCounts()).join()},${bucketsText(total.buckets)},{${exemplars.join()}}]`;
}

function tallyText(tally: Tally): string {
  return `${tally.outcomes.join()},${tally.sumUs},${tally.minUs},${tally.maxUs},${bucketsText(tally.buckets)}`;
}

export function instanceRow(
  instance: string,
  delta: InstanceDelta,
  reports: InstanceReports,
): string {
  return `[${JSON.stringify(instance)},${delta.lastReportMs},${JSON.stringify(reports)},${droppedTotal(
    reports,
  )},${delta.lagSumUs},${bucketsText(delta.lagBuckets)},${delta.firstReportMs},${hasDeparted(reports) ? 1 : 0}]`;
}
