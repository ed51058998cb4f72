/** Notifications, and a client's answers to what its server asked: nothing comes back but that they were taken. */
import { withId } from "#gateway/proxy/message/edit-id.ts";
import { errorBody } from "#gateway/proxy/message/rpc-error.ts";
import type { RpcMessage } from "#gateway/proxy/message/rpc-message.ts";
import { sendUpstream } from "#gateway/proxy/upstream/send-upstream.ts";
import { askedIdText } from "./asked-ids.ts";
import { cancelFollowed } from "./cancelled-requests.ts";
import { upstreamAsk } from "./upstream-ask.ts";
import type { Exchange } from "./exchange.ts";
import { rpcResponse } from "./rpc-refusal.ts";

/** Null where one of them answers what nobody asked: then none is sent. */
export async function forwardUnanswered(
  x: Exchange,
  messages: readonly RpcMessage[],
): Promise<Response | null> {
  const texts: string[] = [];
  for (const message of messages) {
    const text = message.kind === "response" ? await answerText(x, message) : message.text;
    if (text === null) return null;
    texts.push(text);
  }
  for (const message of messages) cancelFollowed(x, message);
  const body = texts.length === 1 ? texts[0]! : `[${texts.join(",")}]`;
  const [first] = messages;
  const answer = await sendUpstream(await upstreamAsk(x, { method: "POST", body, message: first! }));
  if (answer.kind === "failed") return rpcResponse(errorBody(null, -31004, UNREACHABLE), 502);
  await answer.response.body?.cancel();
  const { status } = answer.response;
  if (status >= 200 && status < 300) return new Response(null, { status: 202 });
  const isPassed = status === 400 || status === 404 || status === 429;
  return rpcResponse(errorBody(null, -31004, REFUSED), isPassed ? status : 502);
}

const UNREACHABLE = "The plugin could not be reached.";
const REFUSED = "The plugin did not take the message.";

async function answerText(x: Exchange, { id, text }: RpcMessage): Promise<string | null> {
  const idText = id === null ? null : await askedIdText(x, id);
  return idText === null ? null : withId(text, idText);
}
