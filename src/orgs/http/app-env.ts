import type { HttpEnv } from "#http/http-env.ts";
import type { Org } from "#orgs/org.ts";
import type { Principal } from "#orgs/principal.ts";
import type { ServedOperation } from "#orgs/served-operation.ts";
import type { WebSession } from "#orgs/web-session/web-session.ts";

/** `principal` and `org` are there where the route asks for a scope. */
export interface AppEnv extends HttpEnv {
  Variables: HttpEnv["Variables"] & {
    /** Set once the caller's token was found good, whatever it may then do. */
    isAuthenticated: true | undefined;
    principal: Principal;
    org: Org;
    /** Where the caller came by a session of the dashboard, and not by a token. */
    session: WebSession | undefined;
    /** What the request turned out to be, where its span is to say more than HTTP does. */
    operation: ServedOperation | undefined;
    /** Resolves once an answer that streams has ended, and never rejects: the request's span lasts until then. */
    answered: Promise<void> | undefined;
    /** The org whose ledger gets an operator action once the handler is done. */
    actedOn: string | undefined;
  };
}
