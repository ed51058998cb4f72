/**
 * Seals what may end with the key-encryption key, and so needs no data key: under a key derived from the newest, which
 * its version names. It opens for as long as that one is set.
 */
import type { Env } from "#platform/env.ts";
import { type DerivedPurpose, deriveSealingKey } from "./derive.ts";
import { kekOf, newestKekVersion, payloadKeks } from "./root-keys.ts";
import { type Seal, sealWith, type VersionedKey } from "./seal.ts";

/** The version of the key-encryption key before there were versions. */
const FIRST = 1;

/** Deriving a key takes longer than sealing; an isolate serves few orgs, and has a key or two of each. */
const DERIVED_MAX = 1_000;
const derived = new Map<string, VersionedKey>();

export function derivedSeal(env: Env, purpose: DerivedPurpose, org: string): Seal {
  const keyOf = (version: number) => derivedKey(env, purpose, org, version);
  return sealWith({
    newest: () => keyOf(newestKekVersion(env)),
    of: async (version) => (payloadKeks(env).has(version) ? keyOf(version) : null),
    unversioned: FIRST,
  });
}

/** Remembered by the isolate, once it is there: a promise must not outlive the request that it was made in. */
async function derivedKey(
  env: Env,
  purpose: DerivedPurpose,
  org: string,
  version: number,
): Promise<VersionedKey> {
  const name = `${purpose} ${org} ${version}`;
  const known = derived.get(name);
  if (known !== undefined) return known;
  const key = { version, key: await deriveSealingKey(kekOf(env, version), purpose, org) };
  if (derived.size >= DERIVED_MAX) derived.clear();
  derived.set(name, key);
  return key;
}
