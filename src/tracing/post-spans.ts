/**
 * One request to a collector: OTLP/HTTP (opentelemetry-proto docs/specification.md, "OTLP/HTTP"), in
 * protobuf, which every receiver must take and which has 0.44 of JSON's bytes for our spans.
 */
import { decodeRejectedCount } from "#formats/otlp/decode-export-response.ts";
import { encodeTraces } from "#formats/otlp/encode-traces.ts";
import type { Attributes, Span } from "#formats/otlp/trace-model.ts";
import { RETRYABLE_STATUSES } from "#platform/outgoing/back-off.ts";
import { type FailedPost, post, type Send } from "#platform/outgoing/post.ts";
import { SERVICE_NAME, VERSION } from "#platform/version.ts";
import { signalUrl } from "#streams/endpoint.ts";
import type { TracesDestination } from "#streams/observability.ts";

export type PostOutcome =
  /** `rejected` of the spans are lost all the same (`partial_success`). */
  | { kind: "taken"; rejected: number }
  | { kind: "retry"; reason: string; afterMs: number | null }
  | { kind: "refused"; reason: string };

/** OTLP exporter specification, "User Agent". */
const EXPORTER = "OTel-OTLP-Exporter-MCPG";

/**
 * True for a request that brings spans, ours or another deployment's: a span of it would be brought by a
 * next request, and so on for ever.
 */
export function isSpanExport(userAgent: string | undefined): boolean {
  return userAgent?.startsWith(`${EXPORTER}/`) ?? false;
}

export const SCOPE = { name: SERVICE_NAME, version: VERSION };

const DESCRIBED = {
  "content-type": "application/x-protobuf",
  "user-agent": `${EXPORTER}/${VERSION}`,
};

export interface PostTarget {
  destination: Pick<TracesDestination, "endpoint" | "headers">;
  resource: Attributes;
}

/** Never rejects: whatever a collector does is an outcome. */
export async function postSpans(
  { destination, resource }: PostTarget,
  spans: readonly Span[],
  send: Send,
): Promise<PostOutcome> {
  const message = {
    url: signalUrl(destination.endpoint, "traces"),
    headers: destination.headers,
    described: DESCRIBED,
    body: encodeTraces([{ resource, scopeSpans: [{ scope: SCOPE, spans }] }], "protobuf"),
    readsAnswer: true,
  };
  const result = await post(message, send);
  if (result.kind === "failed") return outcomeOf(result);
  // The spans count as taken whatever the body says: sending them again would double them.
  return { kind: "taken", rejected: decodeRejectedCount(result.body, result.contentType) };
}

/** A collector that did not answer may do so later: a restart takes no longer than the waits. */
function outcomeOf({ fault, status, problem: reason, retryAfterMs }: FailedPost): PostOutcome {
  const isRetryable =
    fault === "status" ? RETRYABLE_STATUSES.has(status ?? 0) : fault !== "unsendable";
  return isRetryable
    ? { kind: "retry", reason, afterMs: retryAfterMs }
    : { kind: "refused", reason };
}
