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
import { findPrincipal } from "./authenticate.ts";
import { limitRate } from "./limit-rate.ts";

/** Sets `c.var.principal` and, where the path names an org that the caller may use so, `c.var.org`. */
export function authorise(access: Access): MiddlewareHandler<AppEnv> {
  const { scope, publicWhere } = access;
  return async function authorise(c, next) {
    if (scope === null) return next();
    checkSettings(c.env);
    const principal = await findPrincipal(c, access);
    if (principal === null) await admitNobody(c, publicWhere);
    else await admit(c, principal, { ...access, scope });
    await next();
    // A browser that is handed on keeps nothing of who was signed in.
    if (c.var.session !== undefined) c.res.headers.set("cache-control", "no-store");
  };
}

type Asking = Access & { readonly scope: NonNullable<Access["scope"]> };

async function admit(
  c: Context<AppEnv>,
  principal: Principal,
  { scope, orScope, alsoClosed }: Asking,
): Promise<void> {
  c.set("principal", principal);
  const name = c.req.param("org");
  // Set before the refusals: they too are traced where the org's spans go, or not at all.
  if (name !== undefined) {
    const asked = { name, alsoClosed: alsoClosed === true };
    c.set("org", await reachableOrg(c.env, principal, asked));
  }
  const isOtherwiseIn = orScope !== undefined && holdsScope(principal, orScope);
  if (!isOtherwiseIn) requireScope(principal, scope);
  if (name !== undefined) c.set("onBodyBytes", limitRate(principal, c.var.org, Date.now()));
}

function requireScope(principal: Principal, scope: Asking["scope"]): void {
  if (scope === "any" || scope === "session") return;
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

/** Who sends a token is not told what nobody is, though the token be none. */
async function admitNobody(c: Context<AppEnv>, publicWhere: Access["publicWhere"]): Promise<void> {
  const isNobody = c.req.header("authorization") === undefined;
  if (publicWhere === undefined || !isNobody) return fail({ kind: "unauthenticated" });
  const name = c.req.param("org") ?? "";
  const isAsked = isOrgName(name) && publicWhere(c);
  const org = isAsked ? await lookUpPublishedOrg(c.env, name, Date.now()) : null;
  c.set("org", org ?? fail({ kind: "unauthenticated" }));
}
