/** The end of a legacy session, as its client wishes. */
import { eraOf } from "#gateway/proxy/message/protocol-version.ts";
import { sendUpstream } from "#gateway/proxy/upstream/send-upstream.ts";
import { recordSession } from "./client-sessions.ts";
import type { Exchange } from "./exchange.ts";
import { methodNotAllowed, tooManyRequests } from "./rpc-refusal.ts";
import { upstreamAsk } from "./upstream-ask.ts";

export async function endSession(x: Exchange): Promise<Response> {
  if (eraOf(x.version) === "modern") return methodNotAllowed();
  if (x.retryAfterSeconds !== null) return tooManyRequests(x.retryAfterSeconds);
  if (x.session === null) return new Response(null, { status: 400 });
  const answer = await sendUpstream(await upstreamAsk(x, { method: "DELETE" }));
  if (answer.kind === "response") await answer.response.body?.cancel();
  const status = answer.kind === "response" ? answer.response.status : answer.status;
  if (status === 405) return methodNotAllowed();
  if (status === 404) return new Response(null, { status });
  const isEnded = answer.kind === "response" && answer.response.ok;
  if (!isEnded) return new Response(null, { status: 502 });
  recordSession(x, "session.terminated", x.session.id);
  return new Response(null, { status: 204 });
}
