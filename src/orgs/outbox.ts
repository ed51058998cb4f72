/**
 * The way of operator actions into their org's ledger. They are recorded in the transaction of the deed
 * (store/operator-actions.ts); who keeps ledgers registers here how they get there.
 */
import type { Env } from "#platform/env.ts";
import { logError } from "#platform/log-error.ts";
import type { Org } from "./org.ts";

type Drain = (env: Env, org: Org) => Promise<void>;

let drain: Drain | null = null;

export function registerOutbox(registered: Drain): void {
  drain = registered;
}

/**
 * Drains the org's outbox before an answer leaves, so that the answer's reader finds the entry. Should that
 * fail, the cron drains it.
 */
export async function drainNow(env: Env, org: Org, requestId: string): Promise<void> {
  try {
    await drain?.(env, org);
  } catch (error) {
    logError(error, { request_id: requestId });
  }
}
