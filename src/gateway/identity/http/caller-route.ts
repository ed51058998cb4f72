/**
 * `route` for MCP clients: by a token with `tools:call` or a JWT, with the caller on the handler's context, and a
 * request taken from the caller's budget before its body is read.
 */
import type { Context } from "hono";
import type { RequestBody } from "#http/request-body.ts";
import { routeOf } from "#http/route.ts";
import type { Access, AppRoute } from "#orgs/http/access.ts";
import type { GatewayEnv } from "./gateway-env.ts";
import { takeBudget } from "./take-budget.ts";

const route = routeOf<GatewayEnv, Access>();
type CallerStatement = Omit<Parameters<typeof route>[0], "scope" | "alsoBy" | "query" | "body">;

export function callerRoute<Body = undefined>(
  statement: CallerStatement & { readonly body?: RequestBody<Body> },
  handle: (c: Context<GatewayEnv>, body: Body) => Promise<Response>,
): AppRoute {
  const access = { scope: "tools:call", alsoBy: "jwt" } as const;
  const stated = route<Record<never, never>, Body>({ ...statement, ...access }, (c, { body }) =>
    handle(c, body),
  );
  const budgeted = {
    ...stated,
    handle: (c: Context<GatewayEnv>) => {
      c.set("retryAfterSeconds", takeBudget(c)?.retryAfterSeconds ?? null);
      return stated.handle(c);
    },
  };
  // `alsoBy` has app.ts put `identify` before it, which sets what GatewayEnv adds.
  return budgeted as unknown as AppRoute;
}
