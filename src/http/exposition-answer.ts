/** A page of metrics as it is sent: in the format that was asked for, made while it is read, gzipped where that is taken. */
import type { Context } from "hono";
import * as Type from "typebox";
import type { MetricFamily } from "#formats/exposition/metric-family.ts";
import {
  acceptsGzip,
  type ExpositionFormat,
  type Negotiated,
  negotiate,
} from "#formats/exposition/negotiation.ts";
import { encodeOpenMetrics } from "#formats/exposition/open-metrics.ts";
import { encodeProtobuf } from "#formats/exposition/protobuf.ts";
import { encodeText } from "#formats/exposition/text.ts";
import { byteStream, gzipStream } from "./byte-stream.ts";

const ENCODERS: Record<
  ExpositionFormat,
  (families: Iterable<MetricFamily>, hasCreated: boolean) => Iterable<Uint8Array>
> = { text: encodeText, openmetrics: encodeOpenMetrics, protobuf: encodeProtobuf };

/** The types of its answers, for the document. */
export const EXPOSITION_CONTENT = {
  "text/plain": Type.String(),
  "application/openmetrics-text": Type.String(),
  "application/vnd.google.protobuf": { type: "string", format: "binary" },
} as const;

export function askedExposition(c: Context): Negotiated {
  return negotiate(c.req.header("accept") ?? null);
}

/** Nothing can fail after the first byte. */
export function answerExposition(
  c: Context,
  { format, contentType, hasCreated }: Negotiated,
  families: Iterable<MetricFamily>,
): Response {
  const headers: Record<string, string> = {
    "content-type": contentType,
    "cache-control": "no-store",
    vary: "Accept, Accept-Encoding",
  };
  const exposition = ENCODERS[format](families, hasCreated);
  if (!acceptsGzip(clientAcceptEncoding(c))) {
    return new Response(byteStream(exposition), { headers });
  }
  headers["content-encoding"] = "gzip";
  return new Response(gzipStream(exposition), { headers, encodeBody: "manual" });
}

/** Cloudflare rewrites Accept-Encoding on the way in; what the client sent is beside the request, "" for nothing. */
function clientAcceptEncoding(c: Context): string | null {
  const cf = c.req.raw.cf as IncomingRequestCfProperties | undefined;
  return cf?.clientAcceptEncoding ?? c.req.header("accept-encoding") ?? null;
}
