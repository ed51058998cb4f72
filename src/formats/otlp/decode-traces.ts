/** What a client sends to `/v1/traces` (opentelemetry-proto docs/specification.md, "OTLP/HTTP Request"). */
import { type DecodeError, decodeOrFail } from "./decode-error.ts";
import { parseTraces } from "./parse-traces.ts";
import { readTraces } from "./read-traces.ts";
import type { OtlpEncoding, ResourceSpans } from "./trace-model.ts";

/** Never throws, whatever the bytes: what is no `ExportTraceServiceRequest` is an error. */
export function decodeTraces(
  bytes: Uint8Array,
  encoding: OtlpEncoding,
): readonly ResourceSpans[] | DecodeError {
  const decode = encoding === "protobuf" ? readTraces : parseTraces;
  return decodeOrFail(() => decode(bytes));
}

export function isDecodeError(
  decoded: readonly ResourceSpans[] | DecodeError,
): decoded is DecodeError {
  return "reason" in decoded;
}
