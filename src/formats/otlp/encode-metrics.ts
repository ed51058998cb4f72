/** What we push to `/v1/metrics` (opentelemetry-proto docs/specification.md, "OTLP/HTTP Request"). */
import { jsonBytes } from "./format-attributes.ts";
import { formatMetrics } from "./format-metrics.ts";
import type { ResourceMetrics } from "./metrics-model.ts";
import type { OtlpEncoding } from "./trace-model.ts";
import { writeMetrics } from "./write-metrics.ts";

export function encodeMetrics(
  metrics: readonly ResourceMetrics[],
  encoding: OtlpEncoding,
): Uint8Array {
  return encoding === "protobuf" ? writeMetrics(metrics) : jsonBytes(formatMetrics(metrics));
}
