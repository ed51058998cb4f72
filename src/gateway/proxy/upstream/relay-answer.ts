/**
 * An upstream's answer on its way to the client: bytes as they came, while it is watched for the answers that are
 * due. Where one does not come, for whatever reason, the client is told so in the answer's own form: stock clients
 * wait 60 s for a response that a stream ends without (mcp.md §1).
 *
 * A client that goes away is noticed by workerd when the next bytes are written, or its connection is reset; then
 * the body's `cancel` runs. `onEnd` is called there, or at the true end.
 */
import type { RequestId } from "#gateway/proxy/message/judge-body.ts";
import type { ProtocolVersion } from "#gateway/proxy/message/protocol-version.ts";
import { AnswerWatch } from "./answer-watch.ts";
import { EventRelay } from "./event-relay.ts";
import { JsonRelay } from "./json-relay.ts";
import { isEventStream, isJsonAnswer } from "./media-type.ts";
import { RefusalRelay } from "./refusal-relay.ts";
import type { RpcError } from "./rpc-text.ts";

/**
 * How it went. `done`: all that was due came. `too_large`: we cut it. `detached`: the server closed a stream that
 * the client can resume, before the answer.
 */
export type RelayEnd =
  | "done"
  | "no_answer"
  | "reset"
  | "timeout"
  | "too_large"
  | "client_gone"
  | "detached";

export interface RpcAnswer {
  readonly id: RequestId;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly error: RpcError | null;
  /** As it came; empty where the answer was too large to be kept while it passed. */
  readonly text: string;
  /** That it came in; of an event, its field names too. */
  readonly bytes: number;
  /** Whether it answers one of `pending`, and is the first to. */
  readonly isDue: boolean;
}

/** A request or a notification of the server's. */
export interface RpcOther {
  readonly method: string;
  readonly id: RequestId | null;
  readonly params: Readonly<Record<string, unknown>> | null;
  readonly text: string;
  readonly bytes: number;
}

export interface PendingRequest {
  readonly id: RequestId;
  readonly idText: string;
}

export interface RelayTerms {
  /** The requests that are to be answered; none of a GET stream or a notification. */
  readonly pending: readonly PendingRequest[];
  /** A stream of a legacy session: once it had an event id, a client goes on with it in another request. */
  readonly isResumable: boolean;
  readonly version: ProtocolVersion;
  /**
   * The text to pass in place of a result, of whomever; null: as it came. Should it reject, the stream fails, and
   * nothing of the answer passes.
   */
  readonly rewrite: ((answer: RpcAnswer) => Promise<string | null>) | null;
  /**
   * Every message, in order: it passes once this resolves. A text that it gives passes in place of a request or
   * notification of the server's.
   */
  onMessage(message: RpcAnswer | RpcOther): Promise<string | null>;
  /** The JSON-RPC error to write for a request without an answer. */
  missing(id: RequestId, idText: string, end: RelayEnd): string;
  /** Exactly once. */
  onEnd(end: RelayEnd): void;
  /** Without a byte of the upstream's, while the client reads. May be Infinity. */
  readonly idleMs: number;
  /** `sendUpstream`'s: until then the first byte has to be there. Default: `idleMs` from now. */
  readonly firstByteByMs?: number;
  readonly bytesMax: number;
  /** Of an event, and of a JSON body that is kept for `rewrite`. */
  readonly eventBytesMax: number;
}

/** `upstream` is one of `sendUpstream`'s: a 2xx, or a 4xx with a JSON-RPC error, which passes unchanged. */
export function relayAnswer(upstream: Response, terms: RelayTerms): Response {
  const watch = new AnswerWatch(terms);
  if (upstream.status >= 400) return passRefusal(upstream, watch);
  if (isEventStream(upstream)) {
    return new Response(bodyOf(new EventRelay(upstream.body, terms, watch)), { headers: EVENTS });
  }
  if (terms.pending.length > 0 && isJsonAnswer(upstream.headers) && upstream.status === 200) {
    return new Response(bodyOf(new JsonRelay(upstream.body, terms, watch)), { headers: JSON_BODY });
  }
  upstream.body?.cancel().catch(() => {});
  return terms.pending.length === 0 ? accepted(watch) : unanswered(watch);
}

const JSON_BODY = { "content-type": "application/json" };
/** no-transform: a proxy that compresses holds events back; so does one that buffers (mcp.md §3, 5). */
const EVENTS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
};

interface Source {
  pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void>;
  cancel(): Promise<void>;
}

/** A client that is slow leaves `pull` uncalled, and so the upstream unread: nothing is read ahead. */
function bodyOf(source: Source): ReadableStream<Uint8Array> {
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => source.pull(controller);
  return new ReadableStream({ pull, cancel: () => source.cancel() }, { highWaterMark: 0 });
}

/** Its headers are `sendUpstream`'s. */
function passRefusal({ status, headers, body }: Response, watch: AnswerWatch): Response {
  return new Response(bodyOf(new RefusalRelay(body, watch)), { status, headers });
}

/**
 * Notifications and responses are answered 202 without a body, whatever 2xx the upstream chose: a 204, and a 200
 * with empty JSON, break stock clients (mcp.md §3, 8).
 */
function accepted(watch: AnswerWatch): Response {
  watch.end("done");
  return new Response(null, { status: 202 });
}

/** A 202 or 204 to a request, or a body that is no form of an answer: an HTML page of 200, say. */
function unanswered(watch: AnswerWatch): Response {
  const body = watch.missingBody("no_answer");
  watch.end("no_answer");
  return new Response(body, { headers: JSON_BODY });
}
