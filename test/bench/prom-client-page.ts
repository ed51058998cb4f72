/** The baseline of a scrape: prom-client rendering the same families, already in memory. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { OUTCOMES } from "#calls/outcome.ts";
import { CLASSIC_BOUNDS_SECONDS } from "#formats/exponential-histogram.ts";

const TOOL = ["org", "workspace", "plugin", "tool"];

/** Milliseconds of each render. */
export async function renderPromClient(tools: number, renders: number): Promise<number[]> {
  const registry = fleetRegistry(tools);
  const elapsedMs: number[] = [];
  for (let render = 0; render < renders; render += 1) {
    const startedAt = performance.now();
    await registry.metrics();
    elapsedMs.push(performance.now() - startedAt);
  }
  return elapsedMs;
}

function fleetRegistry(tools: number): Registry {
  const registers = [new Registry()];
  const metric = (name: string, labelNames: string[]) => ({
    name,
    help: name,
    labelNames,
    registers,
  });
  const calls = new Counter(metric("mcpg_tool_calls_total", TOOL));
  const errors = new Counter(metric("mcpg_tool_errors_total", TOOL));
  const latency = new Gauge(metric("mcpg_tool_latency_ms", ["quantile", "org", "plugin", "tool"]));
  const outcomes = new Counter(metric("mcpg_tool_invocations_total", [...TOOL, "outcome"]));
  const duration = new Histogram({
    ...metric("mcpg_tool_duration_seconds", TOOL),
    buckets: [...CLASSIC_BOUNDS_SECONDS],
  });
  for (let tool = 0; tool < tools; tool += 1) {
    const plugin = `plugin-${tool % 20}`;
    const labels = { org: "bench", workspace: "prod", plugin, tool: `tool_${tool}` };
    const { workspace: _, ...gauge } = labels;
    calls.inc(labels, 100 + tool);
    errors.inc(labels, tool);
    for (const outcome of OUTCOMES) outcomes.inc({ ...labels, outcome }, tool);
    for (const quantile of ["0.5", "0.95", "0.99"]) latency.set({ ...gauge, quantile }, 84.2);
    for (const bound of CLASSIC_BOUNDS_SECONDS) duration.observe(labels, bound);
  }
  return registers[0] as Registry;
}
