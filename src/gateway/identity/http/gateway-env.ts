import type { Caller } from "#gateway/identity/caller.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";

/** On the routes of MCP clients: whoever came with a token or a JWT. `principal` is not there, it is the caller's. */
export interface GatewayEnv extends AppEnv {
  Variables: AppEnv["Variables"] & {
    caller: Caller;
    /** Until the caller's budget has room again; null while it has. */
    retryAfterSeconds: number | null;
  };
}
