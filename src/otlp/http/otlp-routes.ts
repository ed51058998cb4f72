/** Traces from any OpenTelemetry SDK or collector, over OTLP/HTTP (api.md, "Ingest"). */
import { Hono } from "hono";
import { decodeTraces, isDecodeFailure } from "#formats/otlp/decode-traces.ts";
import { encodeExportResponse } from "#formats/otlp/export-response.ts";
import { readBytes } from "#http/read-body.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { authorize } from "#orgs/http/authorize.ts";
import { recordTraces } from "#otlp/record-traces.ts";
import { fail } from "#platform/errors.ts";
import { describeOtlp } from "./otlp-answers.ts";
import { onOtlpError } from "./otlp-error.ts";
import { otlpEncoding, otlpResponse } from "./otlp-media.ts";

/** As of a report: an SDK's batch of 512 spans has half of one MiB. OTLP leaves the limit to the server. */
const TRACES_BYTES_MAX = 4 * 1024 * 1024;

export const otlpTraces = new Hono<AppEnv>().post(
  "/",
  describeOtlp("telemetry:write", {
    summary: "Report spans over OTLP/HTTP",
    description:
      "Spans of MCP tool calls become samples, the others are kept beside them. Answered once durable. " +
      "Idempotent: a resent span changes no figure. gzip is accepted; 4 MiB after decompression.",
  }),
  authorize("telemetry:write"),
  async (c) => {
    const encoding = otlpEncoding(c.req.header("content-type"));
    if (encoding === null) {
      const supported = "application/x-protobuf, or application/json in UTF-8";
      return fail({ kind: "unsupported_media_type", supported });
    }
    const bytes = await readBytes(c.req.raw, { bytesMax: TRACES_BYTES_MAX });
    const traces = decodeTraces(bytes, encoding);
    if (isDecodeFailure(traces)) {
      const detail = `The body is no ExportTraceServiceRequest: ${traces.failure}.`;
      return fail({ kind: "malformed_body", detail });
    }
    const partial = await recordTraces(c.env, c.var.org, traces, Date.now());
    return otlpResponse(encodeExportResponse(partial, encoding), encoding);
  },
);

otlpTraces.onError(onOtlpError);
