import type { Env } from "#platform/env.ts";
import { deriveFingerprintKey } from "./derive.ts";
import { payloadKek } from "./root-keys.ts";

/** Deriving costs two hashes; an isolate serves few orgs, and a key is 32 bytes. */
const FINGERPRINT_KEYS_MAX = 1_000;
const fingerprintKeys = new Map<string, Uint8Array>();

/** The key of an org's error fingerprints, remembered by the isolate. */
export function fingerprintKey(env: Env, org: string): Uint8Array {
  const known = fingerprintKeys.get(org);
  if (known !== undefined) return known;
  const key = deriveFingerprintKey(payloadKek(env), org);
  if (fingerprintKeys.size >= FINGERPRINT_KEYS_MAX) fingerprintKeys.clear();
  fingerprintKeys.set(org, key);
  return key;
}
