/** `route` for MCP clients: by a token with `tools:call` or a JWT, with the caller on the handler's context. */
import { type Route, routeOf } from "#http/route.ts";
import type { Access, AppRoute } from "#orgs/http/access.ts";
import type { GatewayEnv } from "./gateway-env.ts";

const route = routeOf<GatewayEnv, Access>();
type CallerStatement = Omit<Parameters<typeof route>[0], "scope" | "alsoBy" | "query" | "body">;

export function callerRoute(
  statement: CallerStatement,
  handle: Route<GatewayEnv, Access>["handle"],
): AppRoute {
  const stated = route({ ...statement, scope: "tools:call", alsoBy: "jwt" }, handle);
  // `alsoBy` has app.ts put `identify` before it, which sets what GatewayEnv adds.
  return stated as unknown as AppRoute;
}
