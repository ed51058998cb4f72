/** A plugin's answer on its way to the client: each message is looked at once, and told to whom it concerns. */
import { noteHealth } from "#gateway/plugins/note-health.ts";
import { eraOf, isProtocolVersion } from "#gateway/proxy/message/protocol-version.ts";
import {
  type RelayEnd,
  type RelayTerms,
  type RpcAnswer,
  type RpcOther,
  relayAnswer,
} from "#gateway/proxy/upstream/relay-answer.ts";
import { sealSession } from "#gateway/proxy/upstream/sealed-session.ts";
import type { UpstreamAnswer } from "#gateway/proxy/upstream/send-upstream.ts";
import { logError } from "#platform/log-error.ts";
import { HOUR_MS } from "#platform/time.ts";
import type { ActiveSpan } from "#tracing/active-span.ts";
import { askedOther } from "./asked-ids.ts";
import { type Exchange, sessionPlace } from "./exchange.ts";
import type { FollowedRequest } from "./followed-request.ts";
import { rewriteAnyList, rewriteList } from "./listed-items.ts";
import { missingText } from "./rpc-refusal.ts";
import { endDispatch } from "./trace-place.ts";

/** An answer of a tool is read by a model: one that is longer than this is read by nobody. */
export const ANSWER_BYTES_MAX = 64 * 1_048_576;
/** Of one event: a list of 1,000 tools has 2 MB, and stock SDKs' own limits lie between 1 and 4. */
export const EVENT_BYTES_MAX = 8 * 1_048_576;
/** A stream that waits for news is silent while there are none; servers send comments in between. */
export const NEWS_IDLE_MS = HOUR_MS;

export interface Followed {
  readonly followed: readonly FollowedRequest[];
  /** To be called at the end: no cancellation finds them any more. */
  readonly unfollow: readonly (() => void)[];
}

type Answered = Extract<UpstreamAnswer, { kind: "response" }>;

export async function followedAnswer(
  x: Exchange,
  { followed, unfollow }: Followed,
  span: ActiveSpan | null,
  { response, firstByteByMs }: Answered,
): Promise<Response> {
  span?.set("http.response.status_code", response.status);
  const waitsForNews = followed.some(({ ruling }) => ruling.rule.kind === "listen");
  const { promise, resolve } = Promise.withResolvers<void>();
  x.lastsUntil(promise);
  const end = async (how: RelayEnd) => {
    for (const one of unfollow) one();
    for (const one of followed) await one.onEnd(how);
    endDispatch(span, how === "done" || how === "detached" ? null : how);
    await noteHealth(x.env, x.org, x.plugin, faultOf(how), Date.now());
  };
  const answer = relayAnswer(response, {
    pending: followed.map(({ ruling: { message } }) => ({
      id: message.id!,
      idText: message.idText!,
    })),
    isResumable: eraOf(x.version) === "legacy",
    version: x.version,
    rewrite: rewriteOf(x, followed),
    onMessage: onMessageOf(x, followed),
    missing: (_id, idText, how) => {
      const one = followed.find(({ ruling }) => ruling.message.idText === idText);
      return missingText(one!.ruling, how, { decisionId: one!.decisionId });
    },
    onEnd: (how) => {
      const ended = end(how).catch((error: unknown) => logError(error, { job: "end of a call" }));
      x.ctx.waitUntil(ended.then(resolve));
    },
    idleMs: waitsForNews ? NEWS_IDLE_MS : x.plugin.timeoutMs,
    firstByteByMs,
    bytesMax: ANSWER_BYTES_MAX,
    eventBytesMax: EVENT_BYTES_MAX,
  });
  return withSession(x, followed, response, answer);
}

/** A client's own doing, and a size that we set, say nothing of the plugin's health. */
function faultOf(end: RelayEnd): string | null {
  return end === "reset" || end === "timeout" || end === "no_answer" ? end : null;
}

function onMessageOf(x: Exchange, followed: readonly FollowedRequest[]): RelayTerms["onMessage"] {
  return async (message: RpcAnswer | RpcOther) => {
    if ("method" in message) return askedOther(x, message);
    const one = followed.find(({ ruling }) => ruling.message.id === message.id);
    if (message.isDue) await one?.onAnswer(message);
    return null;
  };
}

/** Only lists are changed, and only where one was asked for. */
function rewriteOf(x: Exchange, followed: readonly FollowedRequest[]): RelayTerms["rewrite"] {
  const lists = followed.filter(({ ruling }) => ruling.rule.kind === "list");
  if (lists.length === 0) return null;
  return async (answer) => {
    const ruling = lists.find(({ ruling }) => ruling.message.id === answer.id)?.ruling;
    if (ruling?.rule.kind !== "list") return rewriteAnyList(x, answer);
    return rewriteList(x, ruling, ruling.rule.member, answer);
  };
}

/** What the plugin calls the session stays here: the client gets an id that is its own alone. */
async function withSession(
  x: Exchange,
  followed: readonly FollowedRequest[],
  { headers }: Response,
  answer: Response,
): Promise<Response> {
  const upstreamId = headers.get("mcp-session-id");
  const initialize = followed.find(({ ruling }) => ruling.message.method === "initialize");
  if (upstreamId === null || initialize === undefined) return answer;
  const asked = initialize.ruling.message.params?.["protocolVersion"];
  // What the server makes of it stands in its answer, which follows: no later version than was asked for, and none
  // that has no sessions.
  const known = typeof asked === "string" && isProtocolVersion(asked) ? asked : "2025-03-26";
  const version = eraOf(known) === "modern" ? "2025-11-25" : known;
  answer.headers.set(
    "mcp-session-id",
    await sealSession(x.env, sessionPlace(x), { upstreamId, version }),
  );
  return answer;
}
