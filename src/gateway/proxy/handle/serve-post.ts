/** A POST of an MCP client: judged, ruled, put on record, and only then sent on. */
import { checkVersion, type RequestFault } from "#gateway/proxy/message/check-version.ts";
import {
  type AmbiguityCause,
  type Judged,
  judgeBody,
  type RpcMessage,
} from "#gateway/proxy/message/judge-body.ts";
import { ambiguityError, errorBody, standardMessage } from "#gateway/proxy/message/rpc-error.ts";
import { atOnce, withTurns } from "#platform/slices.ts";
import { beginRequest, recordRefusal } from "./begin-requests.ts";
import { cancelFollowed } from "./cancelled-requests.ts";
import { dispatch } from "./dispatch.ts";
import type { Exchange } from "./exchange.ts";
import { forwardUnanswered } from "./forward-unanswered.ts";
import { ruleOf } from "./method-rules.ts";
import { operationAttributes } from "./operation-attributes.ts";
import { refusalText, rpcResponse, tooManyRequests } from "./rpc-refusal.ts";
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
  return serveMessages(withinBudget(x, judged), judged, bytes);
}

type JudgedMessages = Extract<Judged, { kind: "messages" }>;

/** A batch is as many requests as it has messages. */
function withinBudget(x: Exchange, { messages }: JudgedMessages): Exchange {
  let { retryAfterSeconds } = x;
  for (let taken = 1; taken < messages.length; taken += 1) retryAfterSeconds ??= x.takeAnother();
  return { ...x, retryAfterSeconds };
}

async function serveMessages(
  x: Exchange,
  { messages, isBatch }: JudgedMessages,
  bytes: Uint8Array,
): Promise<Response> {
  const [first] = messages;
  x.describe(operationAttributes(first!));
  joinTrace(x, first!);
  for (const message of messages) {
    const fault = checkVersion(x.headers, message);
    if (fault !== null) return refuseVersion(x, message, fault, bytes.length);
  }
  const requests = messages.filter(({ kind }) => kind === "request");
  if (requests.length === 0) return forwardAll(x, messages, bytes.length);
  const rulings = await Promise.all(requests.map((message) => ruleMessage(x, message)));
  if (rulings.some(({ refusal }) => refusal !== null)) return refuseAll(x, rulings, isBatch);
  const followed = await Promise.all(
    rulings.map((ruling) => beginRequest(x, ruling, bytesOf(ruling))),
  );
  for (const message of messages) await cancelFollowed(x, message);
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
  if (x.retryAfterSeconds !== null) return tooManyRequests(x.retryAfterSeconds);
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

/** A header that says otherwise than the body is a denial; a version that nobody speaks is no more than an error. */
async function refuseVersion(
  x: Exchange,
  message: RpcMessage,
  fault: RequestFault,
  bytes: number,
): Promise<Response> {
  const { id } = message;
  const { status, code, message: told, data } = fault;
  if (code !== HEADER_MISMATCH) return rpcResponse(errorBody(id, code, told, data), status);
  const denied = { kind: "denied" as const, policySet: "none", policies: [] };
  const verdict = { ...denied, reason: "header_mismatch" };
  const rule = ruleOf(message);
  const ruling: Ruling = { ...ruledBefore(message), rule, verdict, refusal: "ambiguous", fault };
  const decisionId = message.kind === "request" ? await recordRefusal(x, ruling, bytes) : null;
  return rpcResponse(refusalText(x, ruling, decisionId), status);
}

const HEADER_MISMATCH = -32020;

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
