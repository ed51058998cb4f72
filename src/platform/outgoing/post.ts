/** One request to a receiver, and how it went in words of our own: what a receiver says may be anything. */
import type { HeaderValues } from "#streams/observability.ts";
import { tracedFetch } from "#tracing/traced-fetch.ts";
import { readAnswer } from "./read-answer.ts";
import { parseRetryAfter } from "./retry-after.ts";

/** OpenTelemetry exporters' default: a receiver that takes longer is as good as gone. */
const ANSWER_MS_MAX = 10_000;
const ANSWER_BYTES_MAX = 65_536;
const USER_AGENT = "mcpg-control-plane";
/** OTLP specification, "Failures": the others will not be otherwise next time. */
const RETRYABLE = [408, 429, 502, 503, 504];

export interface Post {
  url: string;
  /** The receiver's credential, as it was set. */
  headers: HeaderValues;
  /** What the request is, which the former cannot replace. */
  described: HeaderValues;
  body: Uint8Array;
  /** Whether what it answers says more than its status. */
  readsAnswer: boolean;
}

export type PostResult =
  | { kind: "taken"; body: Uint8Array; contentType: string | null }
  | {
      kind: "failed";
      status: number | null;
      problem: string;
      isRetryable: boolean;
      retryAfterMs: number | null;
    };

export async function post({
  url,
  headers,
  described,
  body,
  readsAnswer,
}: Post): Promise<PostResult> {
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  try {
    const request = new Request(url, {
      method: "POST",
      headers: { ...headers, "user-agent": USER_AGENT, ...described },
      body,
      // A receiver may not send our data, and its credential, on to somewhere that nobody checked.
      redirect: "manual",
      signal,
    });
    const response = await tracedFetch(request);
    return await resultOf(response, readsAnswer);
  } catch {
    // The runtime's message quotes the URL, whose path may be a secret.
    const problem = signal.aborted
      ? `did not answer within ${ANSWER_MS_MAX / 1_000} s`
      : "could not be reached, or broke off";
    return {
      kind: "failed",
      status: null,
      problem,
      isRetryable: !signal.aborted,
      retryAfterMs: null,
    };
  }
}

async function resultOf(response: Response, readsAnswer: boolean): Promise<PostResult> {
  const { status } = response;
  const contentType = response.headers.get("content-type");
  if (response.ok && readsAnswer) {
    return { kind: "taken", body: await readAnswer(response.body, ANSWER_BYTES_MAX), contentType };
  }
  // Its end is not waited for: the status says it all.
  await response.body?.cancel();
  if (response.ok) return { kind: "taken", body: new Uint8Array(0), contentType };
  const isRedirect = status >= 300 && status < 400;
  return {
    kind: "failed",
    status,
    problem: `answered ${status}${isRedirect ? ": redirects are not followed" : ""}`,
    isRetryable: RETRYABLE.includes(status),
    retryAfterMs: parseRetryAfter(response.headers.get("retry-after"), Date.now()),
  };
}
