import { describe, expect, it } from "vitest";
import { labelSet, type MetricFamily } from "#formats/exposition/metric-family.ts";
import { encodeOpenMetrics } from "#formats/exposition/open-metrics.ts";
import { readPage, readText } from "./read-page.ts";
import { sampleFamilies } from "./sample-families.ts";

/** Read by prometheus_client.openmetrics.parser, the parser that passes the standard's 211 cases. */
const GOLDEN_OPEN_METRICS = String.raw`# TYPE mcpg_tool_calls counter
# HELP mcpg_tool_calls Calls, \"all\" of them: C:\\\nsecond line
mcpg_tool_calls_total{org="acme",tool="search"} 9007199254740991
mcpg_tool_calls_total{org="acme",tool="a\\b\"c\nd<CR>e#{},= 😀<LS>é"} 0
# TYPE mcpg_tool_latency_ms gauge
# HELP mcpg_tool_latency_ms Tool latency quantiles
mcpg_tool_latency_ms{quantile="0.5",org="acme",tool="search"} 1e-7
mcpg_tool_latency_ms{quantile="0.95",org="acme",tool="search"} NaN
mcpg_tool_latency_ms{quantile="0.99",org="acme",tool="search"} +Inf
# TYPE mcpg_rollup_watermark_timestamp_seconds gauge
# UNIT mcpg_rollup_watermark_timestamp_seconds seconds
# HELP mcpg_rollup_watermark_timestamp_seconds Oldest arrival not folded yet
mcpg_rollup_watermark_timestamp_seconds 1700000000.125
# TYPE mcpg_tool_duration_seconds histogram
# UNIT mcpg_tool_duration_seconds seconds
# HELP mcpg_tool_duration_seconds Tool call duration
mcpg_tool_duration_seconds_bucket{le="0.00390625",org="acme",tool="search"} 1
mcpg_tool_duration_seconds_bucket{le="1.0",org="acme",tool="search"} 5 # {trace_id="4bf92f3577b34da6a3ce929d0e0e4736",invocation_id="01890a5d-ac96-774b-bcce-b302099a8057"} 0.67 1520879607.789
mcpg_tool_duration_seconds_bucket{le="64.0",org="acme",tool="search"} 5
mcpg_tool_duration_seconds_bucket{le="+Inf",org="acme",tool="search"} 7
mcpg_tool_duration_seconds_sum{org="acme",tool="search"} 101.5
mcpg_tool_duration_seconds_count{org="acme",tool="search"} 7
# TYPE mcpg_audit_frozen gauge
# HELP mcpg_audit_frozen Frozen logs
# EOF
`
  .replace("<CR>", "\r")
  .replace("<LS>", "\u2028");

function histogram(exemplarValue: string): MetricFamily {
  const exemplar = { labels: labelSet([["id", exemplarValue]]), value: 2, timestampMs: 1 };
  const point = {
    labels: labelSet([]),
    sum: 2,
    count: 1,
    bucketCounts: [0, 1],
    exemplars: [undefined, exemplar],
  };
  return { type: "histogram", name: "h", help: "", bounds: [1], points: [point] };
}

describe("encodeOpenMetrics", () => {
  it("writes OpenMetrics 1.0 byte for byte", () => {
    expect(readText(encodeOpenMetrics(sampleFamilies))).toBe(GOLDEN_OPEN_METRICS);
  });

  it("ends even an empty page with # EOF and nothing after it", () => {
    expect(readText(encodeOpenMetrics([]))).toBe("# EOF\n");
  });

  it("never writes UNIT where the name does not end with it, which fails the scrape", () => {
    const family = { type: "gauge", help: "", unit: "seconds", points: [] } as const;
    for (const name of ["latency_ms", "seconds", "latencyseconds", "seconds_max"]) {
      expect(readText(encodeOpenMetrics([{ ...family, name }]))).not.toContain("# UNIT");
    }
  });

  it("names the unit of a counter before its _total", () => {
    const family = { type: "counter", help: "", unit: "seconds", points: [] } as const;
    expect(readText(encodeOpenMetrics([{ ...family, name: "busy_seconds_total" }]))).toContain(
      "# UNIT busy_seconds seconds\n",
    );
  });

  it("drops an exemplar whose labels exceed 128 code points, and keeps its bucket", () => {
    const { samples } = readPage(encodeOpenMetrics([histogram("x".repeat(127))]));
    expect(samples[1]).toEqual({ name: "h_bucket", labels: [["le", "+Inf"]], value: "1" });
  });

  it("counts code points, not UTF-16 units, towards that limit", () => {
    const { samples } = readPage(encodeOpenMetrics([histogram("😀".repeat(126))]));
    expect(samples[1]?.exemplar?.labels).toEqual([["id", "😀".repeat(126)]]);
    const { samples: longer } = readPage(encodeOpenMetrics([histogram("😀".repeat(127))]));
    expect(longer[1]?.exemplar).toBeUndefined();
  });

  it("writes exemplars on bucket lines only", () => {
    const { samples } = readPage(encodeOpenMetrics(sampleFamilies));
    const names = samples.filter(({ exemplar }) => exemplar !== undefined).map(({ name }) => name);
    expect(names).toEqual(["mcpg_tool_duration_seconds_bucket"]);
  });

  it("tells when each point was created, as the last of its lines, where it is asked for and known", () => {
    const [a, b] = [labelSet([["t", "a"]]), labelSet([["t", "b"]])];
    const createdMs = 1_520_879_607_789;
    const families: MetricFamily[] = [
      {
        type: "counter",
        name: "calls_total",
        help: "",
        points: [
          { labels: a, value: 1, createdMs },
          { labels: b, value: 2, createdMs: null },
        ],
      },
      { type: "gauge", name: "g", help: "", points: [{ labels: a, value: 3 }] },
      {
        type: "histogram",
        name: "h",
        help: "",
        bounds: [],
        points: [{ labels: a, sum: 2, count: 1, bucketCounts: [1], createdMs: 1_000 }],
      },
    ];
    const lines = (hasCreated: boolean) =>
      readText(encodeOpenMetrics(families, hasCreated)).match(/^[^#].*/gm);
    const without = [
      'calls_total{t="a"} 1',
      'calls_total{t="b"} 2',
      'g{t="a"} 3',
      'h_bucket{le="+Inf",t="a"} 1',
      'h_sum{t="a"} 2',
      'h_count{t="a"} 1',
    ];
    expect(lines(false)).toEqual(without);
    expect(lines(true)).toEqual([
      without[0],
      'calls_created{t="a"} 1520879607.789',
      ...without.slice(1),
      'h_created{t="a"} 1.000',
    ]);
  });

  it("keeps an exemplar's milliseconds", () => {
    const { samples } = readPage(encodeOpenMetrics([histogram("a")]));
    expect(samples[1]?.exemplar).toMatchObject({ value: "2", timestamp: "0.001" });
  });
});
