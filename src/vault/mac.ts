/** What was said here is known again: HMAC-SHA-256 (RFC 2104) under a key derived for one purpose and one org. */
import type { Env } from "#platform/env.ts";
import { deriveMacKey, type MacPurpose } from "./derive.ts";
import { newestKekVersion, payloadKeks } from "./root-keys.ts";

const utf8 = new TextEncoder();

/** By the newest key-encryption key: this is what is said. */
export async function macOf(
  env: Env,
  purpose: MacPurpose,
  org: string,
  text: string,
): Promise<Uint8Array> {
  const kek = payloadKeks(env).get(newestKekVersion(env))!;
  return macBy(kek, purpose, org, text);
}

/** By each that is set, the newest first: what was said under an earlier one is known by it. */
export function macsOf(
  env: Env,
  purpose: MacPurpose,
  org: string,
  text: string,
): Promise<Uint8Array[]> {
  const versions = [...payloadKeks(env)].sort(([a], [b]) => b - a);
  return Promise.all(versions.map(([, kek]) => macBy(kek, purpose, org, text)));
}

async function macBy(
  kek: Uint8Array,
  purpose: MacPurpose,
  org: string,
  text: string,
): Promise<Uint8Array> {
  const key = await deriveMacKey(kek, purpose, org);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8.encode(text)));
}
