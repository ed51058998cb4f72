/** One request to a receiver, and how it went in words of our own: what a receiver says may be anything. */
import { readAnswer } from "./read-answer.ts";
import { parseRetryAfter } from "./retry-after.ts";

/** OpenTelemetry exporters' default: a receiver that takes longer is as good as gone. */
const ANSWER_MS_MAX = 10_000;
/** The longest answer of a receiver that is read: an answer is a count and a message. */
const ANSWER_BYTES_MAX = 65_536;

const OURS = { "user-agent": "mcpg-control-plane" };

export interface Post {
  url: string;
  /** The receiver's credential, as it was set. */
  headers: Readonly<Record<string, string>>;
  /** Headers that say what the request is, which `headers` cannot replace. */
  described: Readonly<Record<string, string>>;
  body: Uint8Array;
  /** Whether the receiver's answer says more than its status. */
  readsAnswer: boolean;
}

export type Send = (request: Request) => Promise<Response>;

/** `unsendable`: the headers or the URL make no request, however often it is tried. */
export type PostFault = "status" | "timeout" | "unreachable" | "unsendable";

export interface FailedPost {
  kind: "failed";
  fault: PostFault;
  /** Null where there was no answer. */
  status: number | null;
  problem: string;
  retryAfterMs: number | null;
}

export type PostResult =
  | { kind: "taken"; body: Uint8Array; contentType: string | null }
  | FailedPost;

/** Never rejects: whatever a receiver does is a result. */
export async function post(message: Post, send: Send): Promise<PostResult> {
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  const request = requestOf(message, signal);
  if (request === null) return failed("unsendable", "no request can be made of it");
  try {
    return await resultOf(await send(request), message.readsAnswer);
  } catch {
    // The runtime's message quotes the URL, whose path may be a secret.
    if (!signal.aborted) return failed("unreachable", "could not be reached, or broke off");
    return failed("timeout", `did not answer within ${ANSWER_MS_MAX / 1_000} s`);
  }
}

function failed(fault: PostFault, problem: string): FailedPost {
  return { kind: "failed", fault, status: null, problem, retryAfterMs: null };
}

function requestOf({ url, headers, described, body }: Post, signal: AbortSignal): Request | null {
  try {
    const all = new Headers(headers);
    for (const [name, value] of Object.entries({ ...OURS, ...described })) all.set(name, value);
    // A receiver may not send our data, and its credential, on to somewhere that nobody checked.
    return new Request(url, { method: "POST", headers: all, body, redirect: "manual", signal });
  } catch {
    return null;
  }
}

async function resultOf(response: Response, readsAnswer: boolean): Promise<PostResult> {
  const { status } = response;
  const contentType = response.headers.get("content-type");
  if (response.ok && readsAnswer) {
    return { kind: "taken", body: await readAnswer(response.body, ANSWER_BYTES_MAX), contentType };
  }
  // The body's end is not waited for: the status says it all.
  await response.body?.cancel();
  if (response.ok) return { kind: "taken", body: new Uint8Array(0), contentType };
  const isRedirect = status >= 300 && status < 400;
  return {
    kind: "failed",
    fault: "status",
    status,
    problem: `answered ${status}${isRedirect ? ": redirects are not followed" : ""}`,
    retryAfterMs: parseRetryAfter(response.headers.get("retry-after"), Date.now()),
  };
}
