/**
 * Who changes something of an org, as the org's ledger records it: every function that changes one is told.
 */
import { uuid7FromRandom } from "#formats/uuid7.ts";
import type { OperatorAction } from "#orgs/store/operator-actions.ts";

export interface Operator {
  actor: string;
  /** Null: no request, as where the deployment itself acts. */
  requestId: string | null;
}

type Deed = Pick<OperatorAction, "org" | "action" | "target" | "details">;

/** The record of what an operator does now. Its id is the `event_id` of the ledger's entry. */
export function actionOf(
  { actor, requestId }: Operator,
  deed: Deed,
  nowMs: number,
): OperatorAction {
  const id = uuid7FromRandom(nowMs, crypto.getRandomValues(new Uint8Array(10)));
  return { id, ...deed, occurredAtMs: nowMs, actor, requestId };
}
