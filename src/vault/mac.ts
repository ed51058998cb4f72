/** What was said here is known again: HMAC-SHA-256 (RFC 2104) under a key derived for one purpose and one org. */
import { deriveMacKey, type MacPurpose } from "./derive.ts";

const utf8 = new TextEncoder();

export async function macOf(
  kek: Uint8Array,
  purpose: MacPurpose,
  org: string,
  text: string,
): Promise<Uint8Array> {
  const key = await deriveMacKey(kek, purpose, org);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8.encode(text)));
}
