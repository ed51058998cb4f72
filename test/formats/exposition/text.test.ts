import { describe, expect, it } from "vitest";
import { encodeText } from "#formats/exposition/text.ts";
import { readText } from "./read-page.ts";
import { sampleFamilies } from "./sample-families.ts";

/** Read by `promtool check metrics` 2.42 without a parse error. */
const GOLDEN_TEXT = String.raw`# HELP mcpg_tool_calls_total Calls, "all" of them: C:\\\nsecond line
# TYPE mcpg_tool_calls_total counter
mcpg_tool_calls_total{org="acme",tool="search"} 9007199254740991
mcpg_tool_calls_total{org="acme",tool="a\\b\"c\nd<CR>e#{},= 😀<LS>é"} 0
# HELP mcpg_tool_latency_ms Tool latency quantiles
# TYPE mcpg_tool_latency_ms gauge
mcpg_tool_latency_ms{quantile="0.5",org="acme",tool="search"} 1e-7
mcpg_tool_latency_ms{quantile="0.95",org="acme",tool="search"} NaN
mcpg_tool_latency_ms{quantile="0.99",org="acme",tool="search"} +Inf
# HELP mcpg_rollup_watermark_timestamp_seconds Oldest arrival not folded yet
# TYPE mcpg_rollup_watermark_timestamp_seconds gauge
mcpg_rollup_watermark_timestamp_seconds 1700000000.125
# HELP mcpg_tool_duration_seconds Tool call duration
# TYPE mcpg_tool_duration_seconds histogram
mcpg_tool_duration_seconds_bucket{le="0.00390625",org="acme",tool="search"} 1
mcpg_tool_duration_seconds_bucket{le="1.0",org="acme",tool="search"} 5
mcpg_tool_duration_seconds_bucket{le="64.0",org="acme",tool="search"} 5
mcpg_tool_duration_seconds_bucket{le="+Inf",org="acme",tool="search"} 7
mcpg_tool_duration_seconds_sum{org="acme",tool="search"} 101.5
mcpg_tool_duration_seconds_count{org="acme",tool="search"} 7
# HELP mcpg_audit_frozen Frozen logs
# TYPE mcpg_audit_frozen gauge
`
  .replace("<CR>", "\r")
  .replace("<LS>", "\u2028");

describe("encodeText", () => {
  it("writes text 0.0.4 byte for byte", () => {
    expect(readText(encodeText(sampleFamilies))).toBe(GOLDEN_TEXT);
  });

  it("never writes an exemplar, for which Prometheus rejects the whole page", () => {
    expect(readText(encodeText(sampleFamilies))).not.toContain("trace_id");
  });

  it("calls a counter's family by the name of its samples, which OpenMetrics does not", () => {
    expect(readText(encodeText(sampleFamilies))).toContain(
      "# TYPE mcpg_tool_calls_total counter\n",
    );
  });

  it("leaves quotes in HELP bare: its escapes are backslash and newline only", () => {
    expect(readText(encodeText(sampleFamilies))).toContain(String.raw`"all" of them: C:\\\nsecond`);
  });

  it("yields nothing for no families", () => {
    expect([...encodeText([])]).toEqual([]);
  });
});
