/** Sends what was admitted to its plugin, and its answer to the client while it is followed. */
import { noteHealth } from "#gateway/plugins/note-health.ts";
import { pluginHeaders } from "#gateway/plugins/find-plugin.ts";
import { withTraceContext } from "#gateway/proxy/message/edit-meta.ts";
import { requestHeaders } from "#gateway/proxy/message/request-headers.ts";
import { errorBody } from "#gateway/proxy/message/rpc-error.ts";
import { eraOf } from "#gateway/proxy/message/protocol-version.ts";
import { type RelayEnd, relayAnswer } from "#gateway/proxy/upstream/relay-answer.ts";
import { sendUpstream, type UpstreamAnswer } from "#gateway/proxy/upstream/send-upstream.ts";
import type { ActiveSpan } from "#tracing/active-span.ts";
import type { Exchange } from "./exchange.ts";
import type { FollowedRequest } from "./followed-request.ts";
import { rewriteList } from "./listed-items.ts";
import { rpcResponse } from "./rpc-refusal.ts";
import { beginDispatch, carriedContext } from "./trace-place.ts";

/** An answer of a tool is read by a model: one that is longer than this is read by nobody. */
const ANSWER_BYTES_MAX = 64 * 1_048_576;
/** Stock SDKs take no event above 1 to 4 MiB; a list of 1,000 tools has 2. */
const EVENT_BYTES_MAX = 8 * 1_048_576;

export async function dispatch(
  x: Exchange,
  followed: readonly FollowedRequest[],
  batchText: string | null,
): Promise<Response> {
  const [first] = followed;
  const { message, tool } = first!.ruling;
  const span = beginDispatch(x, message);
  const carried = await carriedContext(span);
  const schema = (tool?.definition["inputSchema"] ?? null) as object | null;
  const body =
    batchText ??
    (carried === null ? message.text : withTraceContext(message, { tracestate: null, ...carried }));
  const answer = await sendUpstream({
    env: x.env,
    url: x.plugin.url,
    method: "POST",
    body,
    version: x.headers.has("mcp-protocol-version") ? x.version : null,
    sessionId: x.session?.upstreamId ?? null,
    lastEventId: null,
    message: eraOf(x.version) === "modern" ? requestHeaders(message, schema) : {},
    clientHeaders: x.headers,
    trace: carried,
    secret: await pluginHeaders(x.env, x.plugin),
    timeoutMs: x.plugin.timeoutMs,
  });
  return answer.kind === "failed"
    ? failedAnswer(x, followed, span, answer)
    : relayed(x, followed, span, answer);
}

function failedAnswer(
  x: Exchange,
  followed: readonly FollowedRequest[],
  span: ActiveSpan | null,
  { fault }: Extract<UpstreamAnswer, { kind: "failed" }>,
): Response {
  const end: RelayEnd = { kind: fault };
  const texts = followed.map((one) => missingText(one, end));
  for (const one of followed) one.onEnd(end);
  endSpan(span, fault);
  x.ctx.waitUntil(noteHealth(x.env, x.org, x.plugin, fault, Date.now()));
  return rpcResponse(texts.length === 1 ? texts[0]! : `[${texts.join(",")}]`);
}

function relayed(
  x: Exchange,
  followed: readonly FollowedRequest[],
  span: ActiveSpan | null,
  { response, controller }: Extract<UpstreamAnswer, { kind: "response" }>,
): Response {
  const { promise, resolve } = Promise.withResolvers<void>();
  x.lastsUntil(promise);
  const byId = new Map(followed.map((one) => [one.ruling.message.idText, one]));
  span?.set("http.response.status_code", response.status);
  return relayAnswer(response, {
    pending: followed.map(({ ruling }) => ({
      id: ruling.message.id!,
      idText: ruling.message.idText!,
    })),
    controller,
    isResumable: eraOf(x.version) === "legacy",
    version: x.version,
    rewrite: rewriteOf(x, followed),
    onMessage: (seen) => {
      if (seen.kind === "answer") byId.get(seen.idText)?.onAnswer(seen);
    },
    missing: (_id, idText, end) => missingText(byId.get(idText)!, end),
    onEnd: (end) => {
      for (const one of followed) one.onEnd(end);
      endSpan(span, end.kind === "done" ? null : end.kind);
      x.ctx.waitUntil(noteHealth(x.env, x.org, x.plugin, healthFault(end), Date.now()));
      resolve();
    },
    idleMs: idleMs(x, followed),
    bytesMax: ANSWER_BYTES_MAX,
    eventBytesMax: EVENT_BYTES_MAX,
  });
}

/** Only a list's answer is changed, and only where a list was asked for. */
function rewriteOf(x: Exchange, followed: readonly FollowedRequest[]) {
  const lists = new Map(
    followed.flatMap(({ ruling }) =>
      ruling.rule.kind === "list" ? [[ruling.message.idText, ruling] as const] : [],
    ),
  );
  if (lists.size === 0) return null;
  return async (answer: RpcAnswer) => {
    const ruling = lists.get(answer.idText);
    if (ruling?.rule.kind !== "list") return null;
    return rewriteList(x, ruling, ruling.rule.member, answer);
  };
}

/** A stream that waits for news is silent for as long as there are none. */
function idleMs({ plugin }: Exchange, followed: readonly FollowedRequest[]): number {
  const waitsForNews = followed.some(({ ruling }) => ruling.rule.kind === "listen");
  return waitsForNews ? LISTEN_IDLE_MS : plugin.timeoutMs;
}

function missingText({ ruling, decisionId }: FollowedRequest, end: RelayEnd): string {
  const [code, message] = FAULTS[faultOf(end)];
  const data = decisionId === null ? undefined : { decision_id: decisionId };
  return errorBody(ruling.message.id, code, message, data);
}

function endSpan(span: ActiveSpan | null, errorType: string | null): void {
  if (span === null) return;
  span.errorType ??= errorType;
  span.end();
}
