/**
 * Who changes something of an org, as the org's ledger records it: every function that changes one is told.
 */
import { OWN_DETAILS } from "#formats/ledger/own-details.ts";
import { RETENTION_DETAILS } from "#formats/ledger/retention-change.ts";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import type { OperatorAction } from "#orgs/store/operator-actions.ts";
import type { OrgSettings } from "./org-settings.ts";
import { effectiveRetention } from "./retention.ts";

export interface Operator {
  actor: string;
  /** The token that the operator came by, where `actor` does not show it; else null. */
  tokenId: string | null;
  /** Null: no request, as where the deployment itself acts. */
  requestId: string | null;
}

/** The deployment itself: nobody asked it to. */
export const SYSTEM: Operator = { actor: "operator:system", tokenId: null, requestId: null };

type Deed = Pick<OperatorAction, "org" | "action" | "target" | "details">;

/** An org's first deed: the ledger learns of it how long entries are kept. */
export function creationOf(org: string, { tier, retention }: OrgSettings): Deed {
  const { auditDays } = effectiveRetention(tier, retention);
  return {
    org,
    action: "operator.org.created",
    target: `org://${org}`,
    details: { tier, [RETENTION_DETAILS.days]: String(auditDays) },
  };
}

/** The record of what an operator does now. Its id is the `event_id` of the ledger's entry. */
export function actionOf(
  { actor, tokenId, requestId }: Operator,
  deed: Deed,
  nowMs: number,
): OperatorAction {
  const id = uuid7FromRandom(nowMs, crypto.getRandomValues(new Uint8Array(10)));
  const details = tokenId === null ? {} : { [OWN_DETAILS.tokenId]: tokenId };
  return {
    id,
    ...deed,
    details: { ...deed.details, ...details },
    occurredAtMs: nowMs,
    actor,
    requestId,
  };
}
