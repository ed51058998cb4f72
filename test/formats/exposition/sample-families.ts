/** One family of each kind, with every case that a format treats specially, for golden pages. */
import { labelSet, type MetricFamily, withLabel } from "#formats/exposition/metric-family.ts";

const search = labelSet([
  ["org", "acme"],
  ["tool", "search"],
]);
const hostile = labelSet([
  ["org", "acme"],
  ["tool", 'a\\b"c\nd\re#{},= 😀\u2028é'],
]);
const exemplarLabels = labelSet([
  ["trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"],
  ["invocation_id", "01890a5d-ac96-774b-bcce-b302099a8057"],
]);

export const sampleFamilies: readonly MetricFamily[] = [
  {
    type: "counter",
    name: "mcpg_tool_calls_total",
    help: 'Calls, "all" of them: C:\\\nsecond line',
    points: [
      { labels: search, value: 9_007_199_254_740_991 },
      { labels: hostile, value: 0 },
    ],
  },
  {
    type: "gauge",
    name: "mcpg_tool_latency_ms",
    help: "Tool latency quantiles",
    points: [
      { labels: withLabel("quantile", "0.5", search), value: 1e-7 },
      { labels: withLabel("quantile", "0.95", search), value: Number.NaN },
      { labels: withLabel("quantile", "0.99", search), value: Number.POSITIVE_INFINITY },
    ],
  },
  {
    type: "gauge",
    name: "mcpg_rollup_watermark_timestamp_seconds",
    help: "Oldest arrival not folded yet",
    unit: "seconds",
    points: [{ labels: labelSet([]), value: 1_700_000_000.125 }],
  },
  {
    type: "histogram",
    name: "mcpg_tool_duration_seconds",
    help: "Tool call duration",
    unit: "seconds",
    bounds: [0.00390625, 1, 64],
    points: [
      {
        labels: search,
        sum: 101.5,
        count: 7,
        bucketCounts: [1, 4, 0, 2],
        native: {
          schema: 0,
          zeroThreshold: 2 ** -20,
          zeroCount: 1,
          indexes: [-1, 0, 7],
          counts: [3, 1, 2],
        },
        exemplars: [
          undefined,
          { labels: exemplarLabels, value: 0.67, timestampMs: 1_520_879_607_789 },
        ],
      },
    ],
  },
  { type: "gauge", name: "mcpg_audit_frozen", help: "Frozen logs", points: [] },
];
