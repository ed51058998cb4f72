/** That names arrive in Prometheus as they were sent, whatever is in them. */

import type { PrometheusApi } from "./prometheus-api.ts";
import { selector } from "./selector.ts";
import type { SuiteContext } from "./suite-context.ts";
import { HOSTILE, type Tool } from "./tool-calls.ts";

const FAMILIES = [
  "mcpg_tool_calls_total",
  "mcpg_tool_errors_total",
  "mcpg_tool_duration_seconds_count",
] as const;

export async function checkLabels({ checks, scrapers }: SuiteContext): Promise<void> {
  for (const { api, format } of scrapers) {
    for (const family of FAMILIES) {
      const isNative = format.name === "protobuf" && family.endsWith("_count");
      const name = isNative ? "mcpg_tool_duration_seconds" : family;
      const found = await Promise.all(HOSTILE.map((tool) => namesFound(api, name, tool)));
      const guarantee = `${format.name}: hostile names of ${family} survive byte for byte`;
      checks.equal(guarantee, found, HOSTILE.map(namesOf));
    }
    const forged = await api.vector(selector("mcpg_tool_calls_total", { tool: "forged" }));
    checks.equal(`${format.name}: no name breaks out of its label`, forged, []);
    const gauges = await api.vector(selector("mcpg_tool_latency_ms", { quantile: "0.5" }));
    const tools = gauges.map(({ metric: { tool } }) => tool);
    const absent = HOSTILE.filter(({ tool }) => !tools.includes(tool));
    checks.equal(`${format.name}: each hostile name has a quantile gauge`, absent, []);
  }
}

/** The names of the one series that has these; of none or several, their number. */
async function namesFound(api: PrometheusApi, family: string, { workspace, plugin, tool }: Tool) {
  const samples = await api.vector(selector(family, { workspace, plugin, tool }));
  return samples.length === 1 ? namesOf(samples[0]?.metric ?? {}) : samples.length;
}

function namesOf({ workspace, plugin, tool }: Partial<Tool>): unknown[] {
  return [workspace, plugin, tool];
}
