/**
 * Orgs and tokens as requests look them up: through a cache of 30 s in the isolate, so that a
 * revocation works everywhere within 60 s and at once where it was made. A stale org cannot be
 * written to: each write on its shard checks the generation in SQL.
 */

import { findOrg, findPublishedOrg, insertOrg } from "#orgs/store/orgs.ts";
import { findServiceToken } from "#orgs/store/token-rows.ts";
import type { Env } from "#platform/env.ts";
import { ExpiringMap } from "#platform/expiring-map.ts";
import { shardDatabase } from "#platform/shards.ts";
import { actionOf, creationOf, SYSTEM } from "./operator.ts";
import { DEFAULT_ORG, type Org } from "./org.ts";
import { newSettings } from "./org-settings.ts";
import { defaultOrgTier, shardForNewOrg } from "./placement.ts";
import type { ServiceToken } from "./service-token.ts";

/** 4,096 entries of about 1 KB: 4 MB of an isolate's 128 MB. */
const CACHE = { ttlMs: 30_000, entriesMax: 4_096 };
const orgs = new ExpiringMap<Org>(CACHE);
const tokens = new ExpiringMap<ServiceToken>(CACHE);

/**
 * For those who send no token, and by nobody else: an org that keeps its log to itself, whoever uses it at
 * the time, takes as long to refuse as a name that is nobody's. Short, for what is not there may come to be.
 */
const published = new ExpiringMap<{ org: Org | null }>({ ttlMs: 5_000, entriesMax: 4_096 });

/** The org in whatever state; null if there never was one of that name. */
export function lookUpOrg(env: Env, org: string, nowMs: number): Promise<Org | null> {
  return orgs.getOrLoad(org, nowMs, async () => {
    const found = await findOrg(env.DIRECTORY, org);
    if (found !== null || org !== DEFAULT_ORG) return found;
    await insertDefaultOrg(env, nowMs);
    return findOrg(env.DIRECTORY, org);
  });
}

export function lookUpServiceToken(
  env: Env,
  id: string,
  nowMs: number,
): Promise<ServiceToken | null> {
  return tokens.getOrLoad(id, nowMs, () => findServiceToken(env.DIRECTORY, id));
}

/**
 * The org if it lets everyone read its log's checkpoint and hash tiles. Null is the same query and the same
 * answer whatever the reason: neither is it looked for in what requests with tokens left behind.
 */
export async function lookUpPublishedOrg(
  env: Env,
  org: string,
  nowMs: number,
): Promise<Org | null> {
  const found = await published.getOrLoad(org, nowMs, async () => {
    return { org: await findPublishedOrg(env.DIRECTORY, org) };
  });
  return found?.org ?? null;
}

/** Only where an org publishes its log, or did: forgetting it is seen in the next answer's time. */
export function forgetPublishedOrg(org: string): void {
  published.evict(org);
}

export function forgetOrg(org: string): void {
  orgs.evict(org);
}

export function forgetServiceToken(id: string): void {
  tokens.evict(id);
}

/** The org `default` exists from the first start: whoever looks for it first makes it so. */
async function insertDefaultOrg(env: Env, nowMs: number): Promise<void> {
  const shard = shardForNewOrg(env);
  const settings = newSettings(defaultOrgTier(env));
  const deed = creationOf(DEFAULT_ORG, settings);
  const action = actionOf(SYSTEM, deed, nowMs);
  const newOrg = { org: DEFAULT_ORG, settings, shard, createdAtMs: nowMs };
  await insertOrg(env.DIRECTORY, shardDatabase(env, shard), newOrg, action);
}
