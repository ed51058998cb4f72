/** An org's policy set as it is in force, through a cache in the isolate. */

import { findPolicy } from "#gateway/policy/store/policies.ts";
import type { Env } from "#platform/env.ts";
import { ExpiringMap } from "#platform/expiring-map.ts";
import { NO_POLICY_SET, type PolicySet } from "./policy-set.ts";

/**
 * In force everywhere within 30 s, as orgs and tokens are. That an org has none is kept too: it is the answer for most.
 * 64 texts of 128 KiB, of two bytes a character where they are not Latin: 16 MiB at most.
 */
const sets = new ExpiringMap<PolicySet | typeof NO_POLICY_SET>({ ttlMs: 30_000, entriesMax: 64 });

export async function policyOf(env: Env, org: string): Promise<PolicySet | typeof NO_POLICY_SET> {
  const set = await sets.getOrLoad(org, Date.now(), async () => {
    const { set: stored } = await findPolicy(env.DIRECTORY, org);
    return stored ?? NO_POLICY_SET;
  });
  return set ?? NO_POLICY_SET;
}

/** Where a change was made, it is in force at once. */
export function forgetPolicy(org: string): void {
  sets.evict(org);
}
