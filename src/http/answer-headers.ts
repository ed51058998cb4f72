/**
 * What every answer carries: the id of its request, so that a report from outside finds its log lines; and that nobody
 * takes it for another type than it says, or keeps what is an org's.
 */
import type { MiddlewareHandler } from "hono";
import type { HttpEnv } from "./http-env.ts";

/** An inbound id goes into headers, logs and the ledger: only what is inert in all three is kept. */
const SAFE_REQUEST_ID = /^[A-Za-z0-9_.-]{8,64}$/;

export function answerHeaders(): MiddlewareHandler<HttpEnv> {
  return async function answerHeaders(c, next) {
    const inbound = c.req.header("x-request-id");
    const id =
      inbound !== undefined && SAFE_REQUEST_ID.test(inbound) ? inbound : crypto.randomUUID();
    c.set("requestId", id);
    await next();
    // Set after the handler, whose own Response would replace headers set before; and on the headers of
    // that Response, for `c.header` would make another one of it: 1 ms of a report's 13.
    const { headers } = c.res;
    headers.set("x-request-id", id);
    headers.set("x-content-type-options", "nosniff");
    // A full tile of a log says otherwise: it proves itself, whoever kept it.
    if (!headers.has("cache-control") && c.req.path.startsWith("/v1/")) {
      headers.set("cache-control", "no-store");
    }
  };
}
