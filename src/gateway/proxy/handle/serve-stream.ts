/**
 * A legacy session's stream of what its server says by itself, and of what was said while the client was away
 * (`Last-Event-ID`). Answers may come on it that were due on a stream that was closed before.
 */
import { eraOf } from "#gateway/proxy/message/protocol-version.ts";
import { isEventStream } from "#gateway/proxy/upstream/media-type.ts";
import {
  type RpcAnswer,
  type RpcOther,
  relayAnswer,
} from "#gateway/proxy/upstream/relay-answer.ts";
import { sendUpstream } from "#gateway/proxy/upstream/send-upstream.ts";
import { resumeCall } from "#gateway/record/begin-call.ts";
import { askedOther } from "./asked-ids.ts";
import { answerKey } from "./call-keys.ts";
import type { Exchange } from "./exchange.ts";
import { ANSWER_BYTES_MAX, EVENT_BYTES_MAX, NEWS_IDLE_MS } from "./followed-answer.ts";
import { FollowedRequest } from "./followed-request.ts";
import { rewriteAnyList } from "./listed-items.ts";
import { methodNotAllowed, tooManyRequests } from "./rpc-refusal.ts";
import { ruledBefore } from "./rule-message.ts";
import { answeredMessage } from "./unread-message.ts";
import { upstreamAsk } from "./upstream-ask.ts";

export async function serveStream(x: Exchange): Promise<Response> {
  if (eraOf(x.version) === "modern") return methodNotAllowed();
  if (x.retryAfterSeconds !== null) return tooManyRequests(x.retryAfterSeconds);
  const answer = await sendUpstream(await upstreamAsk(x, { method: "GET" }));
  // Whatever else it is told, a client takes for a stream that broke, and comes back at once, for ever.
  if (answer.kind === "failed") return endOfStreams(answer.status);
  const { response, firstByteByMs: _ } = answer;
  if (!response.ok || !isEventStream(response)) {
    await response.body?.cancel();
    return endOfStreams(response.status);
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  x.lastsUntil(promise);
  return relayAnswer(response, {
    pending: [],
    isResumable: true,
    version: x.version,
    rewrite: (answer) => rewriteAnyList(x, answer),
    onMessage: (message) => onMessage(x, message),
    missing: () => "",
    onEnd: () => resolve(),
    idleMs: NEWS_IDLE_MS,
    firstByteByMs: Date.now() + NEWS_IDLE_MS,
    bytesMax: ANSWER_BYTES_MAX,
    eventBytesMax: EVENT_BYTES_MAX,
  });
}

/** Its session is over, which a client has to know; or it has no streams. */
function endOfStreams(status: number | null): Response {
  return status === 404 ? new Response(null, { status }) : methodNotAllowed();
}

async function onMessage(x: Exchange, message: RpcAnswer | RpcOther): Promise<string | null> {
  if ("method" in message) return askedOther(x, message);
  const idText = JSON.stringify(message.id);
  const begun = await resumeCall(x.env, x.ctx, x.org, answerKey(x, message.id));
  if (begun === null) return null;
  const asked = answeredMessage(x, { method: begun.start.method, id: message.id, idText });
  const followed = new FollowedRequest(x, ruledBefore(asked), {
    begun,
    claim: null,
    isResumed: true,
  });
  await followed.onAnswer(message);
  return null;
}
