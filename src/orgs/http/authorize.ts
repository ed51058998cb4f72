/**
 * What a caller may do on a route under /v1/orgs/:org. The order is the point: 401 before anything;
 * then an org that is not there and one that is not the token's are the same 404, found without a
 * query for the latter, so that not even time tells them apart; only within its own org does a token
 * learn that a scope is missing.
 */
import type { MiddlewareHandler } from "hono";
import { lookUpOrg } from "#orgs/directory.ts";
import { isOrgName, type Org } from "#orgs/org.ts";
import { holdsScope, type Principal, reachesOrg, type Scope } from "#orgs/principal.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import type { AppEnv } from "./app-env.ts";
import { authenticate } from "./authenticate.ts";
import { limitRate } from "./limit-rate.ts";

/**
 * Sets `c.var.principal` and `c.var.org`: an active org that the principal may use so; `alsoClosed`
 * lets the administrator read what outlives an org.
 */
export function authorize(
  scope: Scope,
  { alsoClosed = false }: { alsoClosed?: boolean } = {},
): MiddlewareHandler<AppEnv> {
  return async function authorize(c, next) {
    const principal = await authenticate(c);
    const isOpenFor = (org: Org) =>
      org.state === "active" || (alsoClosed && principal.kind === "administrator");
    const org = await reachableOrg(c.env, principal, c.req.param("org") ?? "", isOpenFor);
    // Before the refusals: they too are traced where the org's spans go, or not at all.
    c.set("principal", principal);
    c.set("org", org);
    if (!holdsScope(principal, scope)) fail({ kind: "insufficient_scope", scope });
    limitRate(principal, org, Date.now());
    await next();
  };
}

/** After `authorize` or `authenticated`: what even an org's own admin may not do. */
export function administratorOnly(): MiddlewareHandler<AppEnv> {
  return async function administratorOnly(c, next) {
    requireAdministrator(c.var.principal);
    await next();
  };
}

export function requireAdministrator(principal: Principal): void {
  if (principal.kind !== "administrator") fail({ kind: "administrator_only" });
}

async function reachableOrg(
  env: Env,
  principal: Principal,
  name: string,
  isOpenFor: (org: Org) => boolean,
): Promise<Org> {
  if (!reachesOrg(principal, name) || !isOrgName(name)) return fail({ kind: "not_found" });
  const org = await lookUpOrg(env, name, Date.now());
  return org !== null && isOpenFor(org) ? org : fail({ kind: "not_found" });
}
