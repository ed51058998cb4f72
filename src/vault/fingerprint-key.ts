import { deriveFingerprintKey } from "#calls/error-fingerprint.ts";
import { type Env, settingsOf } from "#platform/env.ts";

/** Deriving costs two hashes; an isolate serves few orgs, and a key is 32 bytes. */
const FINGERPRINT_KEYS_MAX = 1_000;
const fingerprintKeys = new Map<string, Uint8Array>();

export function fingerprintKey(env: Env, org: string): Uint8Array {
  const known = fingerprintKeys.get(org);
  if (known !== undefined) return known;
  const key = deriveFingerprintKey(settingsOf(env).payloadKek, org);
  if (fingerprintKeys.size >= FINGERPRINT_KEYS_MAX) fingerprintKeys.clear();
  fingerprintKeys.set(org, key);
  return key;
}
