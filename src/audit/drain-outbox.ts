/** Brings operator actions from where they were recorded into the org's ledger. */

import { formatTimestamp } from "#formats/rfc3339.ts";
import {
  findPendingActions,
  forgetPending,
  type OperatorAction,
} from "#orgs/store/operator-actions.ts";
import type { Env } from "#platform/env.ts";
import type { AuditEvent } from "./audit-event.ts";
import type { LogAddress } from "./audit-log.ts";
import { callLedger } from "./ledger-stub.ts";
import { ownEvent } from "./own-event.ts";

/** As many as a report may have events: one append. */
const ACTIONS_MAX = 256;
/** 4,096 actions: about a second. What is left is the cron's. */
const SLICES_MAX = 16;

/** "more" where so many wait that all could not be brought. "closed": they wait for the log's successor. */
export type DrainProgress = "done" | "more" | "closed";

/** Two queries for every 256 actions; 32 at most. Idempotent, and safe beside itself. */
export async function drainOutbox(env: Env, address: LogAddress): Promise<DrainProgress> {
  let progress: DrainProgress = "more";
  for (let slices = 0; progress === "more" && slices < SLICES_MAX; slices += 1) {
    progress = await drainSlice(env, address);
  }
  return progress;
}

/** Brings the oldest actions into the ledger, as many as it takes at a time. */
export async function drainSlice(env: Env, address: LogAddress): Promise<DrainProgress> {
  const actions = await findPendingActions(env.DIRECTORY, address.org, ACTIONS_MAX);
  if (actions.length === 0) return "done";
  const events = actions.map(eventOf);
  const result = await callLedger(env, address, (ledger) => ledger.append(address, events));
  if (result.kind === "frozen" || result.kind === "succeeded") return "closed";
  if (result.kind !== "appended") throw new Error(`outbox: ${result.kind}`);
  await forgetPending(
    env.DIRECTORY,
    "ledger_outbox",
    actions.map(({ id }) => id),
  );
  return actions.length < ACTIONS_MAX ? "done" : "more";
}

const INVOCATION = "invocation://";

function invocationOf(target: string | null): string | null {
  return target?.startsWith(INVOCATION) ? target.slice(INVOCATION.length) : null;
}

/** The action as an event, recorded by whoever acted: no one else vouches for it. */
export function eventOf(action: OperatorAction): AuditEvent {
  const event = ownEvent({
    action: action.action,
    actor: action.actor,
    details: action.details,
    event_id: action.id,
    occurred_at: formatTimestamp(action.occurredAtMs),
    recorded_by: action.actor,
    request_id: action.requestId,
    target: action.target,
  });
  return { ...event, invocation_id: invocationOf(action.target) };
}
