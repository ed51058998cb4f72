/** What an OpenTelemetry SDK sends to the Worker, and what it reads of the answer. */

import { encodeTraces } from "#formats/otlp/encode-traces.ts";
import type { OtlpEncoding, ResourceSpans, Span } from "#formats/otlp/trace-model.ts";
import { metricSum, scrape } from "../../harness/calls.ts";
import { call } from "../../harness/deployment.ts";
import { ATTRIBUTES, makeSpan, RESOURCE } from "../spans.ts";

export const SERVER = 2;
export const CLIENT = 3;
export const INTERNAL = 1;

export const PROTOBUF = "application/x-protobuf";
export const JSON_TYPE = "application/json";

export function newHex(digits: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(digits / 2));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A server's span of a call that ended just now, in a trace of its own, but for what is given. */
export function callSpan(given: Parameters<typeof makeSpan>[0] = {}): Span {
  const startMs = Date.now() - 500;
  return makeSpan({
    traceId: newHex(32),
    spanId: newHex(16),
    parentSpanId: null,
    start: { ms: startMs, nanos: 456_789 },
    end: { ms: startMs + 84, nanos: 656_789 },
    ...given,
  });
}

/** A span of the same trace and time that is no call. */
export function otherSpan(of: Span, given: Parameters<typeof makeSpan>[0] = {}): Span {
  const { traceId, start, end } = of;
  const spanId = newHex(16);
  return makeSpan({ traceId, start, end, spanId, name: "GET /repos", attributes: {}, ...given });
}

export function resourceSpans(
  spans: readonly Span[],
  resource: Record<string, string> = RESOURCE,
): ResourceSpans {
  return {
    resource: new Map(Object.entries(resource)),
    scopeSpans: [{ scope: { name: "test", version: "1" }, spans }],
  };
}

export interface Sent {
  encoding?: OtlpEncoding;
  headers?: Record<string, string>;
}

export function sendTraces(
  org: string,
  traces: readonly ResourceSpans[],
  { encoding = "protobuf", headers = {} }: Sent = {},
): Promise<Response> {
  return sendBody(org, encodeTraces(traces, encoding), {
    "content-type": encoding === "protobuf" ? PROTOBUF : JSON_TYPE,
    ...headers,
  });
}

export function sendBody(
  org: string,
  body: Uint8Array,
  headers: Record<string, string>,
): Promise<Response> {
  return call("POST", `/v1/orgs/${org}/otlp/v1/traces`, {
    body: body as BodyInit,
    headers,
  });
}

export async function gzip(body: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** All taken, nothing to say; else what was said. */
export async function partialSuccess(
  org: string,
  spans: readonly Span[],
  resource?: Record<string, string>,
): Promise<{ rejectedSpans: string; errorMessage: string } | null> {
  const traces = [resourceSpans(spans, resource)];
  const response = await sendTraces(org, traces, { encoding: "json" });
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  const answer = (await response.json()) as { partialSuccess?: never };
  return answer.partialSuccess ?? null;
}

export async function countedCalls(org: string, ...labels: string[]): Promise<number> {
  return metricSum(await scrape(org), "mcpg_tool_calls_total", ...labels);
}

export { ATTRIBUTES, RESOURCE };
