/** The entry that a decision is. Arguments are never in it. */
import type { AuditEvent } from "#audit/audit-event.ts";
import { eventOfCall, type OpenCall } from "#audit/calls/open-call.ts";
import { OWN_DETAILS } from "#formats/ledger/own-details.ts";
import { type CallStart, printableText, type Verdict } from "./call-start.ts";

const PREFIXES: Record<CallStart["method"], string> = {
  "tools/call": "tool.call",
  "resources/read": "resource.read",
  "prompts/get": "prompt.get",
};

/** Ids of policies that decided: many of the longest would not fit an entry beside all else. */
const POLICIES_LENGTH_MAX = 4_096;
const REASON_LENGTH_MAX = 1_024;

export function actionOfDecision(method: CallStart["method"], { kind }: Verdict): string {
  return `${PREFIXES[method]}.${kind}`;
}

export function decisionEvent(
  call: OpenCall,
  method: CallStart["method"],
  verdict: Verdict,
): AuditEvent {
  const { kind, policySet, policies, reason } = verdict;
  const details = {
    decision_id: call.id,
    policies: printableText(policies.join(","), POLICIES_LENGTH_MAX),
    policy_set: printableText(policySet, REASON_LENGTH_MAX),
    reason: printableText(reason, REASON_LENGTH_MAX),
    ...(call.tokenId !== null && { [OWN_DETAILS.tokenId]: call.tokenId }),
  };
  return eventOfCall(call, {
    action: actionOfDecision(method, verdict),
    event_id: call.id,
    occurred_at: null,
    outcome: kind,
    details,
  });
}
