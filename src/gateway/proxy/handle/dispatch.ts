/** Sends what was admitted to its plugin, and its answer to the client while it is followed. */
import { inputSchemaOf } from "#gateway/plugins/known-tools.ts";
import { noteHealth } from "#gateway/plugins/note-health.ts";
import { withTraceContext } from "#gateway/proxy/message/edit-meta.ts";
import { type FailedUpstream, sendUpstream } from "#gateway/proxy/upstream/send-upstream.ts";
import { followInIsolate } from "./cancelled-requests.ts";
import type { Exchange } from "./exchange.ts";
import { followedAnswer } from "./followed-answer.ts";
import type { FollowedRequest } from "./followed-request.ts";
import { missingText, rpcResponse } from "./rpc-refusal.ts";
import { beginDispatch, carriedContext, endDispatch } from "./trace-place.ts";
import { upstreamAsk } from "./upstream-ask.ts";

/** `batchText`: the body of a batch, which goes as it came. */
export async function dispatch(
  x: Exchange,
  followed: readonly FollowedRequest[],
  batchText: string | null,
): Promise<Response> {
  const [first] = followed;
  const { message, tool } = first!.ruling;
  const span = beginDispatch(x, message, first!.dispatchSpanId);
  const trace = await carriedContext(span);
  const body = batchText ?? (trace === null ? message.text : withTraceContext(message, trace));
  const inputSchema = inputSchemaOf(tool);
  const ask = await upstreamAsk(x, { method: "POST", body, message, inputSchema, trace });
  // Before it is sent: a server that is silent is cancelled too.
  const unfollow = followed.map((one) => followInIsolate(x, one));
  const answer = await sendUpstream(ask);
  if (answer.kind === "failed") {
    for (const one of unfollow) one();
    const { fault, status } = answer;
    if (status !== null) span?.set("http.response.status_code", status);
    endDispatch(span, fault === "status" ? String(status) : fault);
    return failedAnswer(x, followed, answer);
  }
  return followedAnswer(x, { followed, unfollow }, span, answer);
}

async function failedAnswer(
  x: Exchange,
  followed: readonly FollowedRequest[],
  failed: FailedUpstream,
): Promise<Response> {
  const { fault, status } = failed;
  const texts = followed.map(({ ruling, decisionId }) =>
    missingText(ruling, fault, { decisionId, status }),
  );
  for (const one of followed)
    await one.onEnd(fault === "status" && status !== null ? status : fault);
  // Whoever goes away says nothing of the plugin.
  if (fault !== "cancelled") {
    const word = fault === "status" ? `upstream_${status}` : fault;
    x.ctx.waitUntil(noteHealth(x.env, x.org, x.plugin, word, Date.now()));
  }
  // A session that is over is begun anew by who is told so by this status, and by no other.
  const isSessionOver = status === 404 && x.session !== null;
  return rpcResponse(texts.length === 1 ? texts[0]! : `[${texts}]`, isSessionOver ? 404 : 200);
}
