/** How much of its caps an org's series take: an alert on it comes before `__other__` does. */

import type { SeriesName } from "#calls/arrival.ts";
import { isOtherSeries, labelBytesOf, type SeriesLimits, type SeriesUse } from "#calls/series.ts";
import { labelSet, type MetricFamily } from "#formats/exposition/metric-family.ts";
import type { MetricsSnapshot } from "./metrics-snapshot.ts";

export function seriesUseFamilies(
  { org, series }: MetricsSnapshot,
  { seriesMax, seriesLabelBytesMax }: SeriesLimits,
): MetricFamily[] {
  const use = seriesUse(series);
  const gauge = (name: string, help: string, value: number): MetricFamily => ({
    type: "gauge",
    name,
    help,
    points: [{ labels: labelSet([["org", org]]), value }],
  });
  return [
    gauge("mcpg_series", "Series that count towards the limit", use.series),
    gauge("mcpg_series_limit", "Series above which new ones are __other__", seriesMax),
    gauge("mcpg_series_label_bytes", "Bytes of the names of these series", use.labelBytes),
    gauge(
      "mcpg_series_label_bytes_limit",
      "Bytes of names above which new series are __other__",
      seriesLabelBytesMax,
    ),
  ];
}

function seriesUse(series: MetricsSnapshot["series"]): SeriesUse {
  const use: SeriesUse = { series: 0, labelBytes: 0 };
  for (const { workspace, plugin, tool } of series) {
    const name: SeriesName = [workspace, plugin, tool];
    if (isOtherSeries(name)) continue;
    use.series += 1;
    use.labelBytes += labelBytesOf(name);
  }
  return use;
}
