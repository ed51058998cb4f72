/** Brings operator actions from where they were recorded into the org's ledger. */

import { formatTimestamp } from "#formats/rfc3339.ts";
import {
  findPendingActions,
  forgetActions,
  type OperatorAction,
} from "#orgs/store/operator-actions.ts";
import type { Env } from "#platform/env.ts";
import type { AuditEvent } from "./audit-event.ts";
import type { LogAddress } from "./audit-log.ts";
import { callLedger } from "./ledger-stub.ts";
import { ownEvent } from "./own-event.ts";

const ACTIONS_MAX = 256;

/** Idempotent, and safe beside itself. A closed log leaves the actions waiting for its successor. */
export async function drainOutbox(env: Env, address: LogAddress): Promise<void> {
  const actions = await findPendingActions(env.DIRECTORY, address.org, ACTIONS_MAX);
  if (actions.length === 0) return;
  const events = actions.map(eventOf);
  const result = await callLedger(env, address, (ledger) => ledger.append(address, events));
  if (result.kind === "frozen" || result.kind === "succeeded") return;
  if (result.kind !== "appended") throw new Error(`outbox: ${result.kind}`);
  await forgetActions(
    env.DIRECTORY,
    actions.map(({ id }) => id),
  );
}

/** The action as an event, recorded by whoever acted: no one else vouches for it. */
export function eventOf(action: OperatorAction): AuditEvent {
  return ownEvent({
    action: action.action,
    actor: action.actor,
    details: action.details,
    event_id: action.id,
    occurred_at: formatTimestamp(action.occurredAtMs),
    recorded_by: action.actor,
    request_id: action.requestId,
    target: action.target,
  });
}
