/** What we send to `/v1/traces` (opentelemetry-proto docs/specification.md, "OTLP/HTTP Request"). */
import { jsonBytes } from "./format-attributes.ts";
import { formatTraces } from "./format-traces.ts";
import type { OtlpEncoding, ResourceSpans } from "./trace-model.ts";
import { writeTraces } from "./write-traces.ts";

export function encodeTraces(traces: readonly ResourceSpans[], encoding: OtlpEncoding): Uint8Array {
  return encoding === "protobuf" ? writeTraces(traces) : jsonBytes(formatTraces(traces));
}
