/** After a request in which an operator acted: the deed goes from where it was recorded to the ledger. */
import type { MiddlewareHandler } from "hono";
import { drainOutbox } from "#audit/outbox.ts";
import { findOrg } from "#orgs/store/orgs.ts";
import { logError } from "#platform/log-error.ts";
import type { AppEnv } from "./app-env.ts";

/** Before the answer leaves, so that its reader finds it. Should it fail, the cron does it. */
export function recordOperatorActions(): MiddlewareHandler<AppEnv> {
  return async function forwardOperatorActions(c, next) {
    await next();
    const name = c.var.actedOn;
    if (name === undefined || c.res.status >= 400) return;
    try {
      const org = await findOrg(c.env.DIRECTORY, name);
      if (org !== null) await drainOutbox(c.env, { ...org, log: org.auditLog });
    } catch (error) {
      logError(error, { request_id: c.var.requestId });
    }
  };
}
