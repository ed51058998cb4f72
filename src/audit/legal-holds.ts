/** Legal holds: while one is in force, nothing of the log is pruned. */
import { actionOf, type Operator } from "#orgs/operator.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { HOLDS_IN_FORCE_MAX, type LegalHold } from "./audit-log.ts";
import { writeToLog } from "./current-log.ts";
import { eventOf } from "./drain-outbox.ts";
import { receiptsOf } from "./receipts.ts";

/**
 * The ledger writes the hold and the entry that tells of it together, not by way of the outbox.
 * `too_many_holds` if as many as may be are in force.
 */
export async function placeHold(
  env: Env,
  org: Org,
  reason: string,
  by: Operator,
): Promise<LegalHold> {
  const deed = {
    org: org.org,
    action: "operator.hold.placed",
    target: null,
    details: { reason },
  } as const;
  const action = actionOf(by, deed, Date.now());
  const hold = {
    id: action.id,
    reason,
    placedBy: action.actor,
    placedAtMs: action.occurredAtMs,
    releasedBy: null,
    releasedAtMs: null,
  };
  const event = { ...eventOf(action), target: `hold://${hold.id}` };
  const { answer } = await writeToLog(env, org, (ledger, log) =>
    ledger.placeHold(log, event, hold),
  );
  if (answer.kind === "too_many_holds") fail({ kind: answer.kind, holdsMax: HOLDS_IN_FORCE_MAX });
  receiptsOf(answer, () => "/reason");
  return hold;
}

/** `not_found` if no such hold is in force. */
export async function releaseHold(env: Env, org: Org, id: string, by: Operator): Promise<void> {
  const deed = {
    org: org.org,
    action: "operator.hold.released",
    target: `hold://${id}`,
    details: {},
  } as const;
  const event = eventOf(actionOf(by, deed, Date.now()));
  const { answer } = await writeToLog(env, org, (ledger, log) =>
    ledger.releaseHold(log, event, id),
  );
  receiptsOf(answer ?? fail({ kind: "not_found" }), () => "/id");
}
