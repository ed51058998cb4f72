/** Traces from any OpenTelemetry SDK or collector, over OTLP/HTTP (api.md, "Ingest"). */
import { Hono } from "hono";
import { fail } from "../errors.ts";
import { decodeTraces, isDecodeFailure } from "../spec/otlp/decode-traces.ts";
import { encodeExportResponse } from "../spec/otlp/export-response.ts";
import type { AppEnv } from "./app-env.ts";
import { authorize } from "./authorize.ts";
import { describeOtlp } from "./otlp/describe-otlp.ts";
import { ingestTraces } from "./otlp/ingest-traces.ts";
import { onOtlpError } from "./otlp/otlp-error.ts";
import { otlpEncoding, otlpResponse } from "./otlp/otlp-media.ts";
import { readBytes } from "./read-body.ts";

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
    const partial = await ingestTraces(c.env, c.var.org, traces, Date.now());
    return otlpResponse(encodeExportResponse(partial, encoding), encoding);
  },
);

otlpTraces.onError(onOtlpError);
