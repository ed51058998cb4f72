import type { Context } from "hono";
import { budgetKeyOf, takeRequest } from "#orgs/http/limit-rate.ts";
import type { GatewayEnv } from "./gateway-env.ts";

/**
 * Takes a request from the caller's budget, as orgs/http/limit-rate.ts does from a token's; null where it was
 * there to be taken. It throws nothing, for what an MCP client is told of it is a JSON-RPC error. The bytes of
 * its body are taken by `c.var.onBodyBytes`. Each subject of a JWT has a budget of its own.
 */
export function takeBudget(c: Context<GatewayEnv>): { retryAfterSeconds: number } | null {
  const { caller, org } = c.var;
  const key =
    caller.principal === null ? budgetOfSubject(caller, org) : budgetKeyOf(caller.principal);
  if (key === null) return null;
  const taken = takeRequest(key, org, Date.now());
  if (!("onBytes" in taken)) return taken;
  c.set("onBodyBytes", taken.onBytes);
  return null;
}

/** By org: two may take the same issuer, and neither spends what is the other's. */
function budgetOfSubject(
  { principalKey }: GatewayEnv["Variables"]["caller"],
  { org }: GatewayEnv["Variables"]["org"],
): string {
  return `${org} ${principalKey}`;
}
