/** After a request in which an operator acted: the deed goes from where it was recorded to the ledger. */
import type { MiddlewareHandler } from "hono";
import { drainNow } from "#orgs/outbox.ts";
import { findOrg } from "#orgs/store/orgs.ts";
import { logError } from "#platform/log-error.ts";
import type { AppEnv } from "./app-env.ts";

export function recordActions(): MiddlewareHandler<AppEnv> {
  return async function recordActions(c, next) {
    await next();
    const name = c.var.actedOn;
    if (name === undefined || c.res.status >= 400) return;
    const org = await findOrg(c.env.DIRECTORY, name).catch((error: unknown) => {
      logError(error, { request_id: c.var.requestId });
      return null;
    });
    if (org !== null) await drainNow(c.env, org, c.var.requestId);
  };
}
