/** Whose JWTs an org takes, as requests look it up. */
import { findPublicIdentity } from "#gateway/identity/store/identity-rows.ts";
import { isOrgName } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { ExpiringMap } from "#platform/expiring-map.ts";
import type { IdentitySettings } from "./identity-settings.ts";

/**
 * Cached as orgs and tokens are (src/orgs/directory.ts): a change is in force everywhere within 30 s. That there
 * is nothing is kept too, so that an org without issuers and a name that is nobody's take as long, first and
 * later. 2,048 of 10 KB at most.
 */
const known = new ExpiringMap<{ settings: IdentitySettings | null }>({
  ttlMs: 30_000,
  entriesMax: 2_048,
});

/** Null alike where the org has no issuer, is closed, or is not there. */
export async function identityOf(
  env: Env,
  org: string,
  nowMs: number,
): Promise<IdentitySettings | null> {
  if (!isOrgName(org)) return null;
  const found = await known.getOrLoad(org, nowMs, async () => ({
    settings: await findPublicIdentity(env.DIRECTORY, org),
  }));
  return found?.settings ?? null;
}

/** Where a change was made, it is in force at once. */
export function forgetIdentity(org: string): void {
  known.evict(org);
}
