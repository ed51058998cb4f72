/**
 * OpenMetrics 1.0 text (prometheus.io/docs/specs/om/open_metrics_spec):
 *
 *     # TYPE mcpg_tool_duration_seconds histogram
 *     # UNIT mcpg_tool_duration_seconds seconds
 *     # HELP mcpg_tool_duration_seconds Tool call duration
 *     mcpg_tool_duration_seconds_bucket{le="1.0",org="acme"} 8 # {trace_id="4bf9…"} 0.67 1520879607.789
 *     …
 *     # EOF
 *
 * `_created` samples only where they are wanted: Prometheus before 3 ingests them as series of their own,
 * which doubles the number of counters (negotiation.ts).
 */
import { chunkText } from "./byte-chunks.ts";
import { escapeQuoted } from "./escape-string.ts";
import { formatValue } from "./format-number.ts";
import { type Exemplar, isExposable, type MetricFamily } from "./metric-family.ts";
import { sampleLines } from "./sample-lines.ts";

/** Chunks are UTF-8 bytes, not strings: a stream to the client takes nothing else. */
export function encodeOpenMetrics(
  families: Iterable<MetricFamily>,
  hasCreated = false,
): Generator<Uint8Array> {
  return chunkText(openMetricsLines(families, hasCreated));
}

/** `# EOF` is how a reader knows that an exposition was not cut short ("Overall Structure"). */
function* openMetricsLines(
  families: Iterable<MetricFamily>,
  hasCreated: boolean,
): Generator<string> {
  const created = hasCreated ? { createdName } : {};
  yield* sampleLines(families, { formatMetadata, formatExemplar, ...created });
  yield "# EOF\n";
}

/** "Counter", "Histogram": the family's name with `_created`. */
function createdName(family: MetricFamily): string {
  return `${metricFamilyName(family)}_created`;
}

/** TYPE, UNIT, HELP, in the order of the specification's examples; UNIT must be a name suffix. */
function formatMetadata(family: MetricFamily): string {
  const name = metricFamilyName(family);
  const isUnitNamed = family.unit !== undefined && name.endsWith(`_${family.unit}`);
  const unit = isUnitNamed ? `# UNIT ${name} ${family.unit}\n` : "";
  return `# TYPE ${name} ${family.type}\n${unit}# HELP ${name} ${escapeQuoted(family.help)}\n`;
}

/** "Counter": the sample's name is the family's with `_total`. */
function metricFamilyName({ name, type }: MetricFamily): string {
  return type === "counter" ? name.slice(0, -"_total".length) : name;
}

/** "Exemplars": labels, value and a timestamp in seconds, here to the millisecond. */
function formatExemplar(exemplar: Exemplar): string {
  if (!isExposable(exemplar)) return "";
  const timestampSeconds = (exemplar.timestampMs / 1000).toFixed(3);
  return ` # {${exemplar.labels.text}} ${formatValue(exemplar.value)} ${timestampSeconds}`;
}
