/** What every answer carries: nobody may take it for another type than it says, or keep what is an org's. */
import type { MiddlewareHandler } from "hono";

/** Only what proves itself, whoever kept it, says otherwise: a full tile of a log. */
export function answerHeaders(): MiddlewareHandler {
  return async function answerHeaders(c, next) {
    await next();
    const { headers } = c.res;
    headers.set("x-content-type-options", "nosniff");
    if (!headers.has("cache-control") && c.req.path.startsWith("/v1/")) {
      headers.set("cache-control", "no-store");
    }
  };
}
