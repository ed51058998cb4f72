/**
 * What a caller may do on a route. The order is the point: 401 before anything; then an org that is not
 * there and one that is not the token's are the same 404, found without a query for the latter, so that
 * not even time tells them apart; only within its own org does a token learn that a scope is missing.
 * Who sends no token is told of an org that publishes its log, and of no other.
 */
import type { Context, MiddlewareHandler } from "hono";
import { lookUpOrg, lookUpPublishedOrg } from "#orgs/directory.ts";
import { isOrgName, type Org } from "#orgs/org.ts";
import { holdsScope, type Principal, reachesOrg } from "#orgs/principal.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { checkSettings } from "#platform/settings.ts";
import type { Access } from "./access.ts";
import type { AppEnv } from "./app-env.ts";
import { authenticate } from "./authenticate.ts";
import { limitRate } from "./limit-rate.ts";

/** Sets `c.var.principal` and, where the path names an org that the caller may use so, `c.var.org`. */
export function authorise(access: Access): MiddlewareHandler<AppEnv> {
  const { scope, alsoClosed = false, publicWhere } = access;
  return async function authorise(c, next) {
    if (scope === null) return next();
    checkSettings(c.env);
    if (publicWhere !== undefined && c.req.header("authorization") === undefined) {
      await admitAnyone(c, publicWhere);
      return next();
    }
    const principal = await authenticate(c);
    c.set("principal", principal);
    const name = c.req.param("org");
    // Set before the refusals: they too are traced where the org's spans go, or not at all.
    if (name !== undefined)
      c.set("org", await reachableOrg(c.env, principal, { name, alsoClosed }));
    requireScope(principal, scope);
    if (name !== undefined) c.set("onBodyBytes", limitRate(principal, c.var.org, Date.now()));
    return next();
  };
}

function requireScope(principal: Principal, scope: NonNullable<Access["scope"]>): void {
  if (scope !== "administrator" && scope !== "deployment-metrics") {
    if (!holdsScope(principal, scope)) fail({ kind: "insufficient_scope", scope });
    return;
  }
  const isReader = scope === "deployment-metrics" && principal.kind === "metrics-reader";
  if (principal.kind !== "administrator" && !isReader) fail({ kind: "administrator_only" });
}

export async function reachableOrg(
  env: Env,
  principal: Principal,
  { name, alsoClosed = false }: { name: string; alsoClosed?: boolean },
): Promise<Org> {
  if (!reachesOrg(principal, name) || !isOrgName(name)) return fail({ kind: "not_found" });
  const org = await lookUpOrg(env, name, Date.now());
  const isOpen = org?.state === "active" || (alsoClosed && principal.kind === "administrator");
  return org !== null && isOpen ? org : fail({ kind: "not_found" });
}

async function admitAnyone(
  c: Context<AppEnv>,
  publicWhere: NonNullable<Access["publicWhere"]>,
): Promise<void> {
  const name = c.req.param("org") ?? "";
  const isAsked = isOrgName(name) && publicWhere(c);
  const org = isAsked ? await lookUpPublishedOrg(c.env, name, Date.now()) : null;
  c.set("org", org ?? fail({ kind: "unauthenticated" }));
}
