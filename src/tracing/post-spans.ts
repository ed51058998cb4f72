/**
 * One request to a collector: OTLP/HTTP (opentelemetry-proto docs/specification.md, "OTLP/HTTP"), in
 * protobuf, which every receiver must take and which has 0.44 of JSON's bytes for our spans.
 */

import { decodeRejectedCount } from "#formats/otlp/decode-export-response.ts";
import { encodeTraces } from "#formats/otlp/encode-traces.ts";
import type { Attributes, Span } from "#formats/otlp/trace-model.ts";
import { readAnswer } from "#platform/outgoing/read-answer.ts";
import { signalUrl } from "#streams/endpoint.ts";
import type { TracesDestination } from "#streams/observability.ts";
import { askedWaitMs, isRetryable } from "./retry.ts";

export type PostOutcome =
  /** `rejected` of the spans are lost all the same (`partial_success`). */
  | { kind: "taken"; rejected: number }
  | { kind: "retry"; reason: string; afterMs: number | null }
  | { kind: "refused"; reason: string };

export type SendRequest = (url: string, init: RequestInit) => Promise<Response>;

/** Of the OTLP specification, as of all stock exporters. */
const TIMEOUT_MS = 10_000;
/** A count and a message. What is longer is not read. */
const ANSWER_BYTES_MAX = 65_536;
const VERSION = "0.1.0";

/** OTLP exporter specification, "User Agent". */
const EXPORTER = "OTel-OTLP-Exporter-MCPG";

/** A request that brings spans, ours or another deployment's: a span of it would bring the next, for ever. */
export function isSpanExport(userAgent: string | undefined): boolean {
  return userAgent?.startsWith(`${EXPORTER}/`) ?? false;
}

export const SCOPE = { name: "mcpg-control-plane", version: VERSION };

export interface PostTarget {
  destination: Pick<TracesDestination, "endpoint" | "headers">;
  resource: Attributes;
}

/** Never rejects: whatever a collector does is an outcome. */
export async function postSpans(
  target: PostTarget,
  spans: readonly Span[],
  send: SendRequest,
): Promise<PostOutcome> {
  const message = messageOf(target, spans);
  if (message === null) return { kind: "refused", reason: "no request can be made of it" };
  try {
    return await outcomeOf(await send(signalUrl(target.destination.endpoint, "traces"), message));
  } catch (error) {
    return { kind: "retry", reason: nameOf(error), afterMs: null };
  }
}

/** Null where a header cannot be sent: it would fail the same way each time. */
function messageOf({ destination, resource }: PostTarget, spans: readonly Span[]) {
  try {
    return {
      method: "POST",
      headers: headersOf(destination),
      body: encodeTraces([{ resource, scopeSpans: [{ scope: SCOPE, spans }] }], "protobuf"),
      // A redirect would carry the credentials to wherever it says.
      redirect: "manual" as const,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    };
  } catch {
    return null;
  }
}

/** The destination's own come first, so that none of them makes another message of the body. */
function headersOf({ headers }: PostTarget["destination"]): Headers {
  const all = new Headers(headers);
  all.set("content-type", "application/x-protobuf");
  all.set("user-agent", `${EXPORTER}/${VERSION}`);
  return all;
}

async function outcomeOf(response: Response): Promise<PostOutcome> {
  const { status, ok, headers, body } = response;
  if (ok) {
    // Whatever it says: sending again would double the spans.
    const answer = await readAnswer(body, ANSWER_BYTES_MAX);
    return { kind: "taken", rejected: decodeRejectedCount(answer, headers.get("content-type")) };
  }
  await body?.cancel();
  const reason = `status ${status}`;
  if (!isRetryable(status)) return { kind: "refused", reason };
  return {
    kind: "retry",
    reason,
    afterMs: askedWaitMs(headers.get("retry-after"), Date.now()),
  };
}

/** An error's message may quote the URL or a header. */
function nameOf(error: unknown): string {
  return error instanceof Error && /^\w{1,40}$/.test(error.name) ? error.name : "error";
}
