import type { Context } from "hono";
import type { Operator } from "#orgs/operator.ts";
import { actorOf, hiddenTokenId } from "#orgs/principal.ts";
import type { AppEnv } from "./app-env.ts";

/** The caller of this request, about to act on an org: what it did is brought to that org's ledger. */
export function operatorOf(c: Context<AppEnv>, org: string): Operator {
  c.set("actedOn", org);
  const { principal, requestId } = c.var;
  return { actor: actorOf(principal), tokenId: hiddenTokenId(principal), requestId };
}
