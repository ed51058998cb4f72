/** Seals an org's values with its data keys: neither a new key-encryption key nor the end of one loses any. */
import type { Env } from "#platform/env.ts";
import type { KeyedOrg, SealingPurpose } from "./data-key-purpose.ts";
import { dataKeyOf, newestDataKey } from "./data-keys.ts";
import { type Seal, sealWith } from "./seal.ts";

/** The version of the keys that headers were sealed with before there were data keys. */
export const UNVERSIONED_KEY = 0;

export function dataSeal(env: Env, org: KeyedOrg, purpose: SealingPurpose): Seal {
  return sealWith({
    newest: () => newestDataKey(env, org, purpose),
    of: (version) => dataKeyOf(env, org, purpose, version),
    unversioned: UNVERSIONED_KEY,
  });
}
