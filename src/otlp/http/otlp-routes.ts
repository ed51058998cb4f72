/** Traces from any OpenTelemetry SDK or collector, over OTLP/HTTP. */
import { decodeTraces, isDecodeError } from "#formats/otlp/decode-traces.ts";
import { encodeExportResponse } from "#formats/otlp/export-response.ts";
import { type OtlpEncoding, type ResourceSpans, SPANS_MAX } from "#formats/otlp/trace-model.ts";
import { readBytes } from "#http/read-body.ts";
import type { RequestBody } from "#http/request-body.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { recordTraces } from "#otlp/record-traces.ts";
import { fail } from "#platform/errors.ts";
import { nextTurn } from "#platform/slices.ts";
import { OTLP_ERRORS, TRACES_REQUEST, TRACES_RESPONSE } from "./otlp-answers.ts";
import { onOtlpError } from "./otlp-error.ts";
import { otlpEncoding, otlpResponse } from "./otlp-media.ts";

/**
 * As much as a report may have: an SDK's batch of 512 spans has half of one MiB. OTLP leaves the limit to
 * the server.
 */
const TRACES_BYTES_MAX = 4 * 1024 * 1024;

/** Decoded within milliseconds. */
const SHORT_BYTES = 262_144;

interface SentTraces {
  traces: readonly ResourceSpans[];
  encoding: OtlpEncoding;
}

const tracesBody: RequestBody<SentTraces> = {
  content: TRACES_REQUEST,
  read: async (request, onBytes) => {
    const encoding = otlpEncoding(request.headers.get("content-type") ?? undefined);
    if (encoding === null) {
      const supported = "application/x-protobuf, or application/json in UTF-8";
      return fail({ kind: "unsupported_media_type", supported });
    }
    const bytes = await readBytes(request, { bytesMax: TRACES_BYTES_MAX, onBytes });
    const traces = decodeTraces(bytes, encoding);
    // The longest take 100 ms to be decoded, and as long to be looked through.
    if (bytes.length > SHORT_BYTES) await nextTurn();
    if (!isDecodeError(traces)) return { traces, encoding };
    if (traces.isTooLarge) return fail({ kind: "too_many_spans", spansMax: SPANS_MAX });
    const detail = `The body is no ExportTraceServiceRequest: ${traces.reason}.`;
    return fail({ kind: "malformed_body", detail });
  },
};

export const otlpRoutes: readonly AppRoute[] = [
  route(
    {
      method: "post",
      path: "/v1/orgs/:org/otlp/v1/traces",
      operationId: "exportTraces",
      summary: "Report spans over OTLP/HTTP",
      description:
        "Spans of MCP tool calls become samples, the others are kept beside them. Answered once durable. " +
        "Idempotent: a resent span changes no figure. A caller's span waits up to 30 s for its server's: its " +
        "call is counted later than it was acknowledged. gzip and zstd are accepted; 4 MiB after decompression, 10,000 spans.",
      scope: "telemetry:write",
      body: tracesBody,
      answers: { 200: { description: "All was taken, or all but…", content: TRACES_RESPONSE } },
      errors: OTLP_ERRORS,
      onError: onOtlpError,
    },
    async (c, { body }) => {
      const partial = await recordTraces(c.env, c.var.org, body.traces, Date.now());
      return otlpResponse(encodeExportResponse(partial, body.encoding), body.encoding);
    },
  ),
];
