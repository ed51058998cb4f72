/** Notifications, and a client's answers to what its server asked: nothing comes back but that they were taken. */
import { withId } from "#gateway/proxy/message/edit-id.ts";
import type { RpcMessage } from "#gateway/proxy/message/judge-body.ts";
import { errorBody, GATEWAY_ERRORS } from "#gateway/proxy/message/rpc-error.ts";
import { sendUpstream } from "#gateway/proxy/upstream/send-upstream.ts";
import { askedIdText } from "./asked-ids.ts";
import { cancelFollowed } from "./cancelled-requests.ts";
import type { Exchange } from "./exchange.ts";
import { noteServed } from "./followed-request.ts";
import { rpcResponse } from "./rpc-refusal.ts";
import { ruledBefore } from "./rule-message.ts";
import { upstreamAsk } from "./upstream-ask.ts";

/** Null where one of them answers what nobody asked: then none is sent. */
export async function forwardUnanswered(
  x: Exchange,
  messages: readonly RpcMessage[],
): Promise<Response | null> {
  const texts = await Promise.all(
    messages.map((one) => (one.kind === "response" ? answerText(x, one) : one.text)),
  );
  if (texts.includes(null)) return null;
  for (const message of messages) await cancelFollowed(x, message);
  const body = texts.length === 1 ? texts[0]! : `[${texts.join(",")}]`;
  const ask = await upstreamAsk(x, { method: "POST", body, message: messages[0]! });
  const answer = await sendUpstream(ask);
  const isTaken = answer.kind === "response" && answer.response.ok;
  for (const message of messages) noteForwarded(x, message, isTaken);
  if (answer.kind === "response") {
    await answer.response.body?.cancel();
    if (isTaken) return new Response(null, { status: 202 });
  }
  const status = answer.kind === "failed" ? answer.status : answer.response.status;
  const { code, message } = GATEWAY_ERRORS.upstream_unreachable;
  return rpcResponse(errorBody(null, code, message), status === 404 ? 404 : 502);
}

function noteForwarded(x: Exchange, message: RpcMessage, isTaken: boolean): void {
  if (message.method === null) return;
  const went = isTaken
    ? { outcome: "ok", errorType: null }
    : { outcome: "server_error", errorType: "upstream_unreachable" };
  noteServed(x, { ...ruledBefore(message), rule: { kind: "connect" } }, went);
}

async function answerText(x: Exchange, { id, text }: RpcMessage): Promise<string | null> {
  const idText = id === null ? null : await askedIdText(x, id);
  return idText === null ? null : withId(text, idText);
}
