/** Who may use a route, as the route states it, and `route` for the routes of this service. */
import type { Context } from "hono";
import { type AccessTerms, type Route, routeOf } from "#http/route.ts";
import type { Scope } from "#orgs/principal.ts";
import type { AppEnv } from "./app-env.ts";

export interface Access extends AccessTerms {
  /**
   * The caller needs a token of the org in the path with that scope. `administrator`: the deployment's own
   * token, and none of an org whatever its scopes. `deployment-metrics`: that one, or the deployment's own for
   * metrics. `any`: a good token, whatever it may do. `session`: who signed in, and no token. Null: nobody is asked
   * for a token. A session of the dashboard does in a token's place where session-use.ts says so.
   */
  readonly scope: Scope | "administrator" | "deployment-metrics" | "any" | "session" | null;
  /** Who holds this one instead is let in too, and what it may do there is for the verb to say. */
  readonly orScope?: Scope;
  /** A GET that leaves an entry: a session is used for it by our own pages alone, as for any write. */
  readonly alsoWrites?: true;
  /** The administrator may read here what outlives an org. */
  readonly alsoClosed?: true;
  /** Who sends no token is let in too where this says so, if the org in the path publishes its log. */
  readonly publicWhere?: (c: Context<AppEnv>) => boolean;
  /** `jwt`: the route is for MCP clients, whom gateway/identity/http/identify.ts lets in. */
  readonly alsoBy?: "jwt";
}

export type AppRoute = Route<AppEnv, Access>;

export const route = routeOf<AppEnv, Access>();
