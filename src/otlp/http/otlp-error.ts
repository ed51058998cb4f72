/**
 * Failures as OTLP clients read them: a google.rpc.Status in the encoding of the request, with the status
 * and headers that they have everywhere. Of our statuses OTLP lets a client retry 429 and 503 only, and
 * those are the ones that sending again may cure (opentelemetry-proto docs/specification.md, "Failures").
 */
import type { Context } from "hono";
import { encodeStatus, RPC_CODE } from "#formats/otlp/export-response.ts";
import { onError, toldFailure } from "#http/problem.ts";
import { problemOf } from "#http/problem-table.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { otlpEncoding, otlpResponse } from "./otlp-media.ts";

/** google/rpc/code.proto gives each code its HTTP status; 413 is gRPC's own for a message too large. */
const RPC_CODES: Readonly<Record<number, number>> = {
  400: RPC_CODE.invalidArgument,
  401: RPC_CODE.unauthenticated,
  403: RPC_CODE.permissionDenied,
  404: RPC_CODE.notFound,
  413: RPC_CODE.resourceExhausted,
  415: RPC_CODE.unimplemented,
  429: RPC_CODE.resourceExhausted,
  503: RPC_CODE.unavailable,
};

/** A request in neither encoding is answered with problem+json, like anywhere else. */
export function onOtlpError(error: Error, c: Context<AppEnv>): Response {
  const encoding = otlpEncoding(c.req.header("content-type"));
  if (encoding === null) return onError(error, c);
  const { status, detail, headers } = problemOf(toldFailure(error, c.var.requestId));
  const code = RPC_CODES[status] ?? RPC_CODE.internal;
  return otlpResponse(encodeStatus({ code, message: detail }, encoding), encoding, status, headers);
}
