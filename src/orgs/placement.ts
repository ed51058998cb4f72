/** The shard that a new org goes to, and the tier of the org `default`. */
import type { Env } from "#platform/env.ts";
import { refuseSetting, setting } from "#platform/settings.ts";
import { shardNames } from "#platform/shards.ts";
import { isTier, type Tier } from "./tier.ts";

/** The newest shard: the older ones keep growing with the orgs they have. */
export function shardForNewOrg(env: Env): string {
  return shardNames(env).at(-1) ?? refuseSetting("SHARD_0", "is not bound");
}

/** The tier of the org `default`, which exists from the first start. */
export const defaultOrgTier = setting(({ MCPG_DEFAULT_ORG_TIER }): Tier => {
  const tier = MCPG_DEFAULT_ORG_TIER || "community";
  return isTier(tier) ? tier : refuseSetting("MCPG_DEFAULT_ORG_TIER", "is not a tier");
});
