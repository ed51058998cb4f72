import type { Org } from "#orgs/org.ts";
import type { Principal } from "#orgs/principal.ts";
import type { Env } from "#platform/env.ts";

/** What every handler finds on its context: `principal` and `org` behind `authorize(scope)` only. */
export interface AppEnv {
  Bindings: Env;
  Variables: {
    requestId: string;
    /** Set once the caller's token was found good, whatever it may then do. */
    isAuthenticated: true | undefined;
    principal: Principal;
    org: Org;
    /** The org whose ledger gets an operator action once the handler is done. */
    actedOn: string | undefined;
  };
}
