/** The answers to requests that do not go to their plugin, as JSON-RPC errors: what a client's model reads. */
import { errorBody } from "#gateway/proxy/message/rpc-error.ts";
import type { RpcMessage } from "#gateway/proxy/message/rpc-message.ts";
import type { Exchange } from "./exchange.ts";
import type { RefusalWord, Ruling } from "./rule-message.ts";

/** Outside -32768..-32000, which are JSON-RPC's and the protocol's. */
const CODES: Readonly<Record<RefusalWord, number>> = {
  policy_denied: -31001,
  rate_limited: -31002,
  quarantined: -31003,
  ambiguous: -32600,
  header_mismatch: -32020,
};

const MESSAGES: Readonly<Record<RefusalWord, string>> = {
  policy_denied: "The organisation's policy denies this.",
  rate_limited: "Too many requests: try again later.",
  quarantined: "The tool's definition has changed, and nobody has accepted the change yet.",
  ambiguous: "The request can be read in more than one way.",
  header_mismatch: "The request's headers and its body disagree.",
};

/** Which policies denied is for those who may read the org's ledger, where it stands too. */
function mayReadPolicies({ caller }: Exchange): boolean {
  const { principal } = caller;
  return principal?.kind === "service-token" && principal.scopes.includes("audit:read");
}

export function refusalText(
  x: Exchange,
  { message, refusal, verdict }: Ruling,
  decisionId: string | null,
): string {
  const word = refusal ?? "policy_denied";
  const data = {
    ...(decisionId !== null && { decision_id: decisionId }),
    reason: verdict.reason,
    ...(mayReadPolicies(x) && verdict.policies.length > 0 && { policies: verdict.policies }),
    ...(x.retryAfterSeconds !== null && { retry_after_seconds: x.retryAfterSeconds }),
  };
  return errorBody(message.id, CODES[word], MESSAGES[word], data);
}

/** 200, so that stock clients read the error: at any other status they tell of a broken transport. */
export function rpcResponse(text: string, status = 200): Response {
  const headers = { "content-type": "application/json", "cache-control": "no-store" };
  return new Response(text, { status, headers });
}

/** A modern request's wrong header is 400 by the specification; all else is an answer like another. */
export function refusalStatus(refusals: readonly (RefusalWord | null)[]): number {
  const isMalformed = refusals.some((word) => word === "header_mismatch" || word === "ambiguous");
  return isMalformed ? 400 : 200;
}

export function isRequest({ kind }: RpcMessage): boolean {
  return kind === "request";
}
