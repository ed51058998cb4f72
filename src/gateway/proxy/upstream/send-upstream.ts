/**
 * One request to a plugin, and how it went in words of our own: what a runtime says of a connection quotes the URL,
 * whose path may be a secret.
 */
import type { Send } from "#platform/outgoing/post.ts";
import { type EndpointRules, refuseEndpoint } from "#streams/endpoint.ts";
import { isSessionId } from "./sealed-session.ts";
import { type HeaderParts, upstreamHeaders } from "./upstream-headers.ts";
import { readRefusal } from "./upstream-refusal.ts";

/** Node sends and takes 16 KiB by default; some upstreams add security headers of several KiB. */
const HEADER_BYTES_MAX = 32_768;

export interface UpstreamAsk extends HeaderParts {
  readonly url: string;
  /** From sending to the first byte of the body; of a body with an error status, to its end. */
  readonly timeoutMs: number;
  /** Where a plugin may be: asked at each use, for rules change after a plugin was registered. */
  readonly rules: EndpointRules;
  readonly body: string | Uint8Array | null;
  /** The client's: its going away is the upstream's cancel. */
  readonly signal?: AbortSignal | null;
}

/**
 * `status`: an HTTP error that is no JSON-RPC error for the client to read. `malformed`: headers, or a session id,
 * beyond what is taken. `cancelled`: by `signal`.
 */
export type UpstreamFault =
  | "unreachable"
  | "timeout"
  | "redirect"
  | "forbidden_address"
  | "status"
  | "malformed"
  | "cancelled";

export interface FailedUpstream {
  readonly kind: "failed";
  readonly fault: UpstreamFault;
  /**
   * Null where there was no answer, or none that counts. Where a request with a session is answered 404, the
   * session is over, which the client has to be told by that status.
   */
  readonly status: number | null;
}

/**
 * A response is a 2xx, its body unread, or a JSON-RPC error with the status of a 4xx, read whole: clients tell by
 * it whether to speak another version (mcp.md §1, Fallback). `firstByteByMs` is for the relay, which goes on with
 * this request's time: headers that come at once are not the answer.
 */
export type UpstreamAnswer =
  | {
      readonly kind: "response";
      readonly response: Response;
      readonly controller: AbortController;
      readonly firstByteByMs: number;
    }
  | FailedUpstream;

const plainSend: Send = (request) => fetch(request);

/** Never rejects: whatever an upstream does is a result. */
export async function sendUpstream(
  ask: UpstreamAsk,
  send: Send = plainSend,
): Promise<UpstreamAnswer> {
  if (refuseEndpoint(ask.url, ask.rules) !== null) return failed("forbidden_address");
  const controller = new AbortController();
  const request = requestOf(ask, controller.signal);
  if (request === null) return failed("malformed");
  const firstByteByMs = Date.now() + ask.timeoutMs;
  const timer = setTimeout(() => controller.abort("timeout"), ask.timeoutMs);
  followSignal(ask.signal, controller);
  try {
    const response = await untilAborted(sent(request, send), controller.signal);
    if (typeof response === "string") return failed(response);
    return await answerOf(response, controller, firstByteByMs);
  } finally {
    clearTimeout(timer);
  }
}

function failed(fault: UpstreamFault, status: number | null = null): FailedUpstream {
  return { kind: "failed", fault, status };
}

function requestOf(ask: UpstreamAsk, signal: AbortSignal): Request | null {
  try {
    const { url, method, body } = ask;
    const headers = upstreamHeaders(ask);
    // A plugin may not send our data, and its credential, on to somewhere that nobody checked.
    return new Request(url, { method, headers, body, redirect: "manual", signal });
  } catch {
    return null;
  }
}

function followSignal(signal: AbortSignal | null | undefined, controller: AbortController): void {
  if (signal?.aborted) controller.abort("cancelled");
  else signal?.addEventListener("abort", () => controller.abort("cancelled"), { once: true });
}

async function sent(request: Request, send: Send): Promise<Response | "unreachable"> {
  try {
    return await send(request);
  } catch {
    return "unreachable";
  }
}

type Cut = "timeout" | "cancelled";

/** An answer that comes after the abort is let go of, in case the sender did not see the signal. */
async function untilAborted<Value extends Response | string>(
  working: Promise<Value>,
  signal: AbortSignal,
): Promise<Value | Cut> {
  const aborted = new Promise<null>((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener("abort", () => resolve(null), { once: true });
  });
  const first = await Promise.race([working, aborted]);
  if (!signal.aborted) return first as Value;
  working.then(discard);
  return signal.reason as Cut;
}

function discard(answer: Response | string): void {
  if (typeof answer !== "string") answer.body?.cancel().catch(() => {});
}

async function answerOf(
  response: Response,
  controller: AbortController,
  firstByteByMs: number,
): Promise<UpstreamAnswer> {
  const { status } = response;
  if (status >= 200 && status < 300) {
    if (!areHeadersTaken(response.headers)) return dropped(response, failed("malformed"));
    return { kind: "response", response, controller, firstByteByMs };
  }
  if (status < 400) return dropped(response, failed("redirect", status));
  const refusal = await untilAborted(readRefusal(response), controller.signal);
  if (refusal === "timeout" || refusal === "cancelled") return failed(refusal);
  if (typeof refusal === "string") return failed("status", status);
  return { kind: "response", response: refusal, controller, firstByteByMs };
}

function dropped(response: Response, failure: FailedUpstream): FailedUpstream {
  discard(response);
  return failure;
}

function areHeadersTaken(headers: Headers): boolean {
  let bytes = 0;
  for (const [name, value] of headers) bytes += name.length + value.length;
  const sessionId = headers.get("mcp-session-id");
  return bytes <= HEADER_BYTES_MAX && (sessionId === null || isSessionId(sessionId));
}
