/**
 * Prometheus text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats):
 *
 *     # HELP mcpg_tool_calls_total Total tool invocations
 *     # TYPE mcpg_tool_calls_total counter
 *     mcpg_tool_calls_total{org="acme",tool="search"} 17
 *
 * It has no units and no exemplars: Prometheus rejects the whole exposition for an exemplar here.
 */
import { chunkText } from "./byte-chunks.ts";
import { escapeHelp } from "./escape-string.ts";
import type { MetricFamily } from "./metric-family.ts";
import { sampleLines } from "./sample-lines.ts";

/** Chunks are UTF-8 bytes, not strings: a stream to the client takes nothing else. */
export function encodeText(families: Iterable<MetricFamily>): Generator<Uint8Array> {
  return chunkText(sampleLines(families, { formatMetadata }));
}

/** Unlike OpenMetrics, a counter's family goes by the name of its samples, `_total` included. */
function formatMetadata({ name, help, type }: MetricFamily): string {
  return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
}
