/** A POST of an MCP client: judged, ruled, put on record, and only then sent on. */
import { checkVersion } from "#gateway/proxy/message/check-version.ts";
import {
  type AmbiguityCause,
  type Judged,
  judgeBody,
  type RequestId,
  type RpcMessage,
} from "#gateway/proxy/message/judge-body.ts";
import { ambiguityError, errorBody, standardMessage } from "#gateway/proxy/message/rpc-error.ts";
import { atOnce, withTurns } from "#platform/slices.ts";
import { beginRequest, recordRefusal } from "./begin-requests.ts";
import { dispatch } from "./dispatch.ts";
import type { Exchange } from "./exchange.ts";
import { forwardUnanswered } from "./forward-unanswered.ts";
import { operationAttributes } from "./operation-attributes.ts";
import { refusalText, rpcResponse } from "./rpc-refusal.ts";
import { type Ruling, ruledBefore, ruleMessage, type ToldFault } from "./rule-message.ts";
import { joinTrace } from "./trace-place.ts";
import { unreadMessage } from "./unread-message.ts";

const utf8 = new TextEncoder();

/** What is shorter is judged within milliseconds. */
const SHORT_BYTES = 262_144;

export async function servePost(x: Exchange, bytes: Uint8Array): Promise<Response> {
  const judging = judgeBody(bytes, x.headers.get("content-type"), x.version);
  const judged = bytes.length > SHORT_BYTES ? await withTurns(judging) : atOnce(judging);
  if (judged.kind !== "messages") return refuseBody(x, judged, bytes.length);
  const { messages, isBatch } = judged;
  const [first] = messages;
  x.describe(operationAttributes(first!));
  joinTrace(x, first!);
  const fault = checkVersion(x.headers, first!);
  if (fault !== null) return rpcResponse(faultText(first!.id, fault), fault.status);
  const requests = messages.filter(({ kind }) => kind === "request");
  if (requests.length === 0) return forwardAll(x, messages, bytes.length);
  const rulings = await Promise.all(requests.map((message) => ruleMessage(x, message)));
  if (rulings.some(({ refusal }) => refusal !== null)) return refuseAll(x, rulings, isBatch);
  const followed = await Promise.all(
    rulings.map((ruling) => beginRequest(x, ruling, bytesOf(ruling))),
  );
  return dispatch(x, followed, isBatch ? new TextDecoder().decode(bytes) : null);
}

function bytesOf({ message }: Ruling): number {
  return utf8.encode(message.text).length;
}

async function forwardAll(
  x: Exchange,
  messages: readonly RpcMessage[],
  bytes: number,
): Promise<Response> {
  if (x.retryAfterSeconds !== null) {
    const headers = { "retry-after": String(x.retryAfterSeconds) };
    return new Response(null, { status: 429, headers });
  }
  const forwarded = await forwardUnanswered(x, messages);
  const unasked: AmbiguityCause = "unasked_response";
  return forwarded ?? refuseBody(x, { kind: "ambiguous", cause: unasked, id: null }, bytes);
}

/** Recorded as what it may have been, a call, under no name out of it. */
async function refuseBody(
  x: Exchange,
  judged: Exclude<Judged, { kind: "messages" }>,
  bytes: number,
): Promise<Response> {
  const message = unreadMessage(x, judged.id);
  x.describe(operationAttributes(message));
  const fault = faultOf(judged);
  const reason = judged.kind === "ambiguous" ? judged.cause : "malformed";
  const verdict = { kind: "denied" as const, policySet: "none", policies: [], reason };
  const ruling: Ruling = { ...ruledBefore(message), verdict, refusal: "ambiguous", fault };
  const decisionId = await recordRefusal(x, ruling, bytes);
  return rpcResponse(refusalText(x, ruling, decisionId), fault.status);
}

function faultOf(judged: Exclude<Judged, { kind: "messages" }>): ToldFault {
  if (judged.kind === "ambiguous") return { ...ambiguityError(judged.cause), data: null };
  const { code } = judged;
  return { status: 400, code, message: standardMessage(code), data: null };
}

function faultText(id: RequestId | null, { code, message, data }: ToldFault): string {
  return errorBody(id, code, message, data);
}

/** Of a batch nothing is sent where one of it is refused: the others are refused beside it. */
async function refuseAll(
  x: Exchange,
  rulings: readonly Ruling[],
  isBatch: boolean,
): Promise<Response> {
  const refused = rulings.map((one) => (one.refusal === null ? besideRefused(one) : one));
  const texts = await Promise.all(
    refused.map(async (one) => refusalText(x, one, await recordRefusal(x, one, bytesOf(one)))),
  );
  if (isBatch) return rpcResponse(`[${texts.join(",")}]`);
  return rpcResponse(texts[0]!, rulings[0]?.fault?.status ?? 200);
}

function besideRefused(ruling: Ruling): Ruling {
  const verdict = { ...ruling.verdict, kind: "denied" as const, reason: "beside_refused" };
  return { ...ruling, verdict, refusal: "policy_denied" };
}
