/** The two media types of OTLP/HTTP, and answers in them (opentelemetry-proto docs/specification.md, "OTLP/HTTP"). */
import type { OtlpEncoding } from "#formats/otlp/trace-model.ts";

export const OTLP_MEDIA_TYPES: Record<OtlpEncoding, string> = {
  protobuf: "application/x-protobuf",
  json: "application/json",
};

/** Null for a body of neither type. OTLP/JSON is UTF-8, so that another charset is another type. */
export function otlpEncoding(contentType: string | undefined): OtlpEncoding | null {
  const [type = "", ...parameters] = (contentType ?? "").toLowerCase().split(";");
  if (type.trim() === OTLP_MEDIA_TYPES.protobuf) return "protobuf";
  if (type.trim() !== OTLP_MEDIA_TYPES.json) return null;
  const charset = parameters.map((one) => one.trim()).find((one) => one.startsWith("charset="));
  return charset === undefined || /^charset="?utf-?8"?$/.test(charset) ? "json" : null;
}

export function otlpResponse(
  body: Uint8Array,
  encoding: OtlpEncoding,
  status = 200,
  headers: Record<string, string> = {},
): Response {
  return new Response(body, {
    status,
    headers: {
      "content-type": OTLP_MEDIA_TYPES[encoding],
      ...headers,
    },
  });
}
