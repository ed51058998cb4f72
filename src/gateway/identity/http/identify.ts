/**
 * Who calls a tool, in place of `authorise` on the routes of MCP clients: a token of ours, or a JWT of an issuer
 * that the org set. The order is `authorise`'s: 401 before anything, then the 404 that an org that is not there
 * and one that is not the token's have in common, then 403. An org that set an issuer is public in that; one that
 * did not is, to whoever has no good token, as one that is not there: same query, same answer.
 */
import type { Context, MiddlewareHandler } from "hono";
import { SPAN_KIND } from "#formats/otlp/trace-model.ts";
import { type Caller, callerOfPrincipal } from "#gateway/identity/caller.ts";
import { identityOf } from "#gateway/identity/identity-of.ts";
import type { IdentitySettings } from "#gateway/identity/identity-settings.ts";
import { challengeOf, resourceMetadataUrl, resourceOf } from "#gateway/identity/resource.ts";
import { callerOfClaims, lacksScope } from "#gateway/identity/token-claims.ts";
import { TOKEN_LENGTH_MAX, verifyToken } from "#gateway/identity/verify-token.ts";
import { mayCall, readableBy } from "#gateway/identity/web-origin.ts";
import { lookUpOrg } from "#orgs/directory.ts";
import type { Access } from "#orgs/http/access.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { principalOf } from "#orgs/http/authenticate.ts";
import { reachableOrg } from "#orgs/http/authorise.ts";
import type { Org } from "#orgs/org.ts";
import { holdsScope, type Principal } from "#orgs/principal.ts";
import { fail } from "#platform/errors.ts";
import { checkSettings } from "#platform/settings.ts";
import { endpointRules } from "#streams/endpoint-rules.ts";
import { measured } from "#tracing/active-span.ts";
import { STAGE_ATTRIBUTE } from "#tracing/trace-span.ts";
import { tracedFetch } from "#tracing/traced-fetch.ts";
import type { GatewayEnv } from "./gateway-env.ts";

/** As of RFC 6750; in the header only, and of one scheme only. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;
/** A token of ours is no longer than this, and is not hashed if it is (orgs/http/authenticate.ts). */
const OWN_TOKEN_LENGTH_MAX = 512;

/** Sets `c.var.caller` and `c.var.org`, as GatewayEnv has them. */
export function identify({ scope }: Access): MiddlewareHandler<AppEnv> {
  return async function identify(context, next) {
    if (scope === null) return next();
    checkSettings(context.env);
    const c = context as unknown as Context<GatewayEnv>;
    const request = new CallersRequest(c, scope);
    await request.requireOrigin();
    const { caller, org } = await measured(identityStage, () => request.admit());
    c.set("caller", caller);
    c.set("org", org);
    return next();
  };
}

type Wanted = NonNullable<Access["scope"]>;

interface Admitted {
  caller: Caller;
  org: Org;
}

/** As the stage of the call that it is (tracing/trace-span.ts). */
const identityStage = () => ({
  name: "identity",
  kind: SPAN_KIND.internal,
  attributes: new Map([[STAGE_ATTRIBUTE, "identity"]]),
});

class CallersRequest {
  readonly #c: Context<GatewayEnv>;
  readonly #scope: Wanted;
  readonly #name: string;
  readonly #authorization: string | undefined;

  constructor(c: Context<GatewayEnv>, scope: Wanted) {
    this.#c = c;
    this.#scope = scope;
    this.#name = c.req.param("org") ?? "";
    this.#authorization = c.req.header("authorization");
  }

  /** What a web page has its reader's browser send is refused before it is known whose it is. */
  async requireOrigin(): Promise<void> {
    const origin = this.#c.req.header("origin");
    if (origin === undefined) return;
    if (!(await mayCall(this.#c.env, this.#name, origin))) fail({ kind: "origin_not_allowed" });
    // Whatever the answer will be: its page reads where to get a token, and which session it has.
    for (const [name, value] of readableBy(origin)) this.#c.res.headers.set(name, value);
  }

  async admit(): Promise<Admitted> {
    const sent = this.#authorization ?? "";
    const token = sent.length > 2 * TOKEN_LENGTH_MAX ? undefined : BEARER.exec(sent)?.[1];
    const isOwn = token !== undefined && token.length <= OWN_TOKEN_LENGTH_MAX;
    const principal = isOwn ? await principalOf(this.#c.env, token, Date.now()) : null;
    if (principal !== null) return this.#admitPrincipal(principal);
    const identity = await this.#identity();
    if (token === undefined || identity === null) return this.#refuse(identity);
    return this.#admitJwt(token, identity);
  }

  async #admitPrincipal(principal: Principal): Promise<Admitted> {
    this.#c.set("isAuthenticated", true);
    const org = await reachableOrg(this.#c.env, principal, { name: this.#name });
    this.#c.set("org", org);
    if (!isEnough(principal, this.#scope)) return this.#lackScope(await this.#identity());
    return { caller: callerOfPrincipal(principal), org };
  }

  async #admitJwt(token: string, identity: IdentitySettings): Promise<Admitted> {
    const { env, req } = this.#c;
    const nowMs = Date.now();
    const terms = { issuers: identity.issuers, resource: resourceOf(env, req.url), nowMs };
    const access = {
      rules: endpointRules(env),
      send: tracedFetch,
      waitUntil: afterAnswerOf(this.#c),
    };
    const verdict = await verifyToken(token, terms, access);
    if (verdict.kind === "refused") return this.#refuse(identity, verdict.description);
    const caller = callerOfClaims(verdict.claims, verdict.issuer);
    if (typeof caller === "string") return this.#refuse(identity, caller);
    const org = await lookUpOrg(env, this.#name, nowMs);
    // Closed within the last 30 s: its settings may still be in the cache.
    if (org?.state !== "active") return this.#refuse(null);
    this.#c.set("isAuthenticated", true);
    this.#c.set("org", org);
    if (lacksScope(verdict.claims, this.#scope)) return this.#lackScope(identity);
    return { caller, org };
  }

  #identity(): Promise<IdentitySettings | null> {
    return identityOf(this.#c.env, this.#name, Date.now());
  }

  #refuse(identity: IdentitySettings | null, description?: string): never {
    const hasToken = /^Bearer +[^ ]/i.test(this.#authorization ?? "");
    const challenge = challengeOf({
      ...(hasToken && { error: "invalid_token" }),
      ...(description !== undefined && { description }),
      scope: this.#scope,
      metadataUrl: this.#metadataUrl(identity),
    });
    return fail({ kind: "unauthenticated", challenge });
  }

  #lackScope(identity: IdentitySettings | null): never {
    const challenge = challengeOf({
      error: "insufficient_scope",
      description: `The token lacks the scope ${this.#scope}`,
      scope: this.#scope,
      metadataUrl: this.#metadataUrl(identity),
    });
    return fail({ kind: "insufficient_scope", scope: this.#scope, challenge });
  }

  #metadataUrl(identity: IdentitySettings | null): string | null {
    return identity === null ? null : resourceMetadataUrl(this.#c.env, this.#c.req.url);
  }
}

/** Without an execution context, as in a test that calls the app itself, nothing waits for the work. */
function afterAnswerOf(c: Context<GatewayEnv>): (work: Promise<unknown>) => void {
  return (work) => {
    try {
      c.executionCtx.waitUntil(work);
    } catch {
      // Hono throws where there is no execution context.
    }
  };
}

function isEnough(principal: Principal, wanted: Wanted): boolean {
  if (wanted === "any" || wanted === "session") return false;
  const isOrgs = wanted !== "administrator" && wanted !== "deployment-metrics";
  return isOrgs ? holdsScope(principal, wanted) : principal.kind === "administrator";
}
