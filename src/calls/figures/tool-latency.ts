/**
 * The quantile gauge of the guide: latency of a tool over the current and the previous window, all
 * workspaces together, errors included.
 */
import { BucketCounts } from "#formats/exponential-histogram.ts";
import { labelSet, type ScalarPoint, withLabel } from "#formats/exposition/metric-family.ts";
import type { MetricsSnapshot, SeriesWindow } from "./metrics-snapshot.ts";

export const GAUGE_QUANTILES = ["0.5", "0.95", "0.99"] as const;

/** NaN for a tool without calls in the windows: zero would read as very fast. */
export function* toolLatencyPoints(snapshot: MetricsSnapshot): Generator<ScalarPoint> {
  const counts = new BucketCounts();
  for (const { plugin, tool, windows } of toolWindows(snapshot).values()) {
    counts.clear();
    const range = addWindows(counts, windows);
    const labels = labelSet([
      ["org", snapshot.org],
      ["plugin", plugin],
      ["tool", tool],
    ]);
    for (const quantile of GAUGE_QUANTILES) {
      const seconds = counts.quantileSeconds(Number(quantile), range.minUs, range.maxUs);
      yield { labels: withLabel("quantile", quantile, labels), value: millisecondsOf(seconds) };
    }
  }
}

/** Milliseconds, to the microsecond that durations are kept in. */
export function millisecondsOf(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e3;
}

/** Adds the windows' histograms; the range bounds what a quantile can be. */
export function addWindows(
  counts: BucketCounts,
  windows: readonly Pick<SeriesWindow, "minUs" | "maxUs" | "histogram">[],
): { minUs: number; maxUs: number } {
  let minUs = Number.POSITIVE_INFINITY;
  let maxUs = 0;
  for (const window of windows) {
    counts.addJson(window.histogram);
    minUs = Math.min(minUs, window.minUs ?? minUs);
    maxUs = Math.max(maxUs, window.maxUs ?? maxUs);
  }
  return { minUs, maxUs };
}

interface ToolWindows {
  plugin: string;
  tool: string;
  windows: SeriesWindow[];
}

/** Windows by plugin and tool: the gauge has no workspace. */
function toolWindows(snapshot: MetricsSnapshot): Map<string, ToolWindows> {
  const tools = new Map<string, ToolWindows>();
  const bySeries = new Map<number, ToolWindows>();
  for (const { series, plugin, tool } of snapshot.series) {
    const key = `${plugin}\0${tool}`;
    const known = tools.get(key) ?? { plugin, tool, windows: [] };
    tools.set(key, known);
    bySeries.set(series, known);
  }
  for (const window of snapshot.windows) bySeries.get(window.series)?.windows.push(window);
  return tools;
}
