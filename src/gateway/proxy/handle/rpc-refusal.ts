/** The answers to requests that do not go to their plugin, as JSON-RPC errors: what a client's model reads. */
import { errorBody, GATEWAY_ERRORS } from "#gateway/proxy/message/rpc-error.ts";
import type { RelayEnd } from "#gateway/proxy/upstream/relay-answer.ts";
import type { UpstreamFault } from "#gateway/proxy/upstream/send-upstream.ts";
import type { Exchange } from "./exchange.ts";
import type { Ruling } from "./rule-message.ts";

/** Which policies denied is for those who may read the org's ledger, where it stands too. */
function mayReadPolicies({ caller }: Exchange): boolean {
  const { principal } = caller;
  return principal?.kind === "service-token" && principal.scopes.includes("audit:read");
}

export function refusalText(
  x: Exchange,
  { message, refusal, verdict, fault }: Ruling,
  decisionId: string | null,
): string {
  const { policies, reason } = verdict;
  const data = {
    ...fault?.data,
    ...(decisionId !== null && { decision_id: decisionId }),
    reason,
    ...(mayReadPolicies(x) && policies.length > 0 && { policies }),
    ...(refusal === "rate_limited" && { retry_after_seconds: x.retryAfterSeconds }),
  };
  const told = fault ?? errorOf(refusal);
  return errorBody(message.id, told.code, told.message, data);
}

function errorOf(refusal: Ruling["refusal"]): { code: number; message: string } {
  if (refusal === null || refusal === "ambiguous") return GATEWAY_ERRORS.policy_denied;
  return GATEWAY_ERRORS[refusal];
}

/** 200, so that stock clients read the error: at any other status they tell of a broken transport. */
export function rpcResponse(text: string, status = 200): Response {
  return new Response(text, { status, headers: { "content-type": "application/json" } });
}

/** What a plugin does not offer by this HTTP method; POST it always takes. */
export function methodNotAllowed(): Response {
  return new Response(null, { status: 405, headers: { allow: "POST" } });
}

/** To what no JSON-RPC error answers. */
export function tooManyRequests(retryAfterSeconds: number): Response {
  const headers = { "retry-after": String(retryAfterSeconds) };
  return new Response(null, { status: 429, headers });
}

type Missing = Exclude<RelayEnd, "done"> | UpstreamFault;

/** Why a request has no answer of its plugin's. */
const MISSING: Readonly<Record<Missing, keyof typeof GATEWAY_ERRORS>> = {
  no_answer: "no_answer",
  reset: "upstream_reset",
  timeout: "timeout",
  too_large: "upstream_reset",
  client_gone: "upstream_reset",
  cancelled: "upstream_reset",
  detached: "no_answer",
  unreachable: "upstream_unreachable",
  redirect: "upstream_unreachable",
  forbidden_address: "upstream_unreachable",
  status: "upstream_unreachable",
  malformed: "no_answer",
};

export function missingText(
  { message }: Pick<Ruling, "message">,
  end: RelayEnd | UpstreamFault,
  { decisionId, status = null }: { decisionId: string | null; status?: number | null },
): string {
  const told = GATEWAY_ERRORS[MISSING[end === "done" ? "no_answer" : end]];
  const data = {
    ...(decisionId !== null && { decision_id: decisionId }),
    ...(status !== null && { upstream_status: status }),
  };
  return errorBody(message.id, told.code, told.message, data);
}
