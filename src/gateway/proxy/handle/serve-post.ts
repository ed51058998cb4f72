/** A POST of an MCP client: judged, ruled, put on record, and only then sent on. */
import { versionError } from "#gateway/proxy/message/check-version.ts";
import { judgeBody } from "#gateway/proxy/message/judge-body.ts";
import { errorBody } from "#gateway/proxy/message/rpc-error.ts";
import type { Judged, RpcMessage } from "#gateway/proxy/message/rpc-message.ts";
import { wasAsked } from "./asked-ids.ts";
import { beginRequest, recordRefusal } from "./begin-requests.ts";
import { dispatch } from "./dispatch.ts";
import type { Exchange } from "./exchange.ts";
import { forwardUnanswered } from "./forward-unanswered.ts";
import { operationAttributes } from "./operation-attributes.ts";
import { refusalStatus, refusalText, rpcResponse } from "./rpc-refusal.ts";
import { type Ruling, ruleMessage } from "./rule-message.ts";
import { joinTrace } from "./trace-place.ts";

export async function servePost(x: Exchange, bytes: Uint8Array): Promise<Response> {
  const judged = judgeBody(bytes, x.headers.get("content-type"), x.version);
  if (judged.kind !== "messages") return refuseBody(x, judged, bytes.length);
  const { messages, isBatch } = judged;
  const [first] = messages;
  x.describe(operationAttributes(first!));
  joinTrace(x, first!);
  const fault = versionError(x.headers, first!);
  if (fault !== null) return rpcResponse(fault.text, fault.status);
  const requests = messages.filter(({ kind }) => kind === "request");
  if (requests.length === 0) return forwardAll(x, messages, bytes);
  const rulings = await Promise.all(requests.map((message) => ruleMessage(x, message)));
  if (rulings.some(({ refusal }) => refusal !== null)) {
    return refuseAll(x, rulings, { isBatch, bytes: bytes.length });
  }
  const size = isBatch ? 0 : bytes.length;
  const followed = await Promise.all(rulings.map((ruling) => beginRequest(x, ruling, size)));
  return dispatch(x, followed, isBatch ? new TextDecoder().decode(bytes) : null);
}

/** Recorded as what it may have been, a call, under no name out of it. */
async function refuseBody(
  x: Exchange,
  judged: Exclude<Judged, { kind: "messages" }>,
  bytes: number,
): Promise<Response> {
  const reason = judged.kind === "ambiguous" ? judged.cause : "malformed";
  const message = unreadMessage(x, judged.id);
  x.describe(operationAttributes(message));
  const ruling: Ruling = {
    message,
    rule: { kind: "call" },
    verdict: { kind: "denied", policySet: "none", policies: [], reason },
    refusal: "ambiguous",
    tool: null,
    target: "",
  };
  const decisionId = await recordRefusal(x, ruling, bytes);
  const text =
    judged.kind === "ambiguous"
      ? refusalText(x, ruling, decisionId)
      : errorBody(judged.id, judged.code, NOT_READ[judged.code], { decision_id: decisionId });
  return rpcResponse(text, reason === "content_type" ? 415 : 400);
}

const NOT_READ = {
  [-32700]: "The body is not JSON.",
  [-32600]: "The body is no JSON-RPC message.",
} as const;

function unreadMessage({ version }: Exchange, id: RequestId | null): RpcMessage {
  const idText = id === null ? null : JSON.stringify(id);
  const nothing = { params: null, hasLossyNumbers: false, name: null, text: "" };
  return { kind: "request", version, method: "tools/call", id, idText, ...nothing, meta: NO_META };
}

interface BodyShape {
  isBatch: boolean;
  bytes: number;
}

/** Of a batch nothing is sent where one of it is refused: the others are refused beside it. */
async function refuseAll(
  x: Exchange,
  rulings: readonly Ruling[],
  { isBatch, bytes }: BodyShape,
): Promise<Response> {
  const texts = await Promise.all(
    rulings.map(async (ruling) => {
      const refused = ruling.refusal === null ? besideRefused(ruling) : ruling;
      return refusalText(x, refused, await recordRefusal(x, refused, bytes));
    }),
  );
  const status = isBatch ? 200 : refusalStatus(rulings.map(({ refusal }) => refusal));
  return rpcResponse(isBatch ? `[${texts.join(",")}]` : texts[0]!, status);
}

function besideRefused(ruling: Ruling): Ruling {
  const verdict = { ...ruling.verdict, kind: "denied" as const, reason: "beside_refused" };
  return { ...ruling, verdict, refusal: "policy_denied" };
}
