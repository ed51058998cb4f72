/**
 * Header values of an org's streams, sealed for the database: AES-256-GCM under a key derived from
 * MCPG_PAYLOAD_KEK for this purpose and this org alone. The stream and the header that a value belongs to
 * are authenticated with it, so that one that is moved to another org, stream or header opens nowhere.
 *
 *     v1.<nonce, 12 bytes, base64>.<ciphertext and tag, base64>
 */

import { decodeBase64, encodeBase64 } from "#formats/base64.ts";
import type { HeaderValues, Stream } from "#streams/observability.ts";

const VERSION = "v1";
const NONCE_BYTES = 12;
const PURPOSE = "mcpg stream header";

const utf8 = new TextEncoder();

/** Whose headers they are: what each value is bound to, beside its name. */
export interface HeadersOwner {
  org: string;
  stream: Stream;
}

export function sealHeaders(
  kek: Uint8Array,
  owner: HeadersOwner,
  headers: HeaderValues,
): Promise<HeaderValues> {
  return mapValues(kek, owner, headers, async (key, header, value) => {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const parameters = parametersOf(nonce, owner, header);
    const sealed = await crypto.subtle.encrypt(parameters, key, utf8.encode(value));
    return `${VERSION}.${encodeBase64(nonce)}.${encodeBase64(new Uint8Array(sealed))}`;
  });
}

/** Throws if one was sealed under another key, is bound to another place, or was altered. */
export function openHeaders(
  kek: Uint8Array,
  owner: HeadersOwner,
  headers: HeaderValues,
): Promise<HeaderValues> {
  return mapValues(kek, owner, headers, async (key, header, sealed) => {
    const [version, nonceText = "", bytesText = "", ...rest] = sealed.split(".");
    const [nonce, bytes] = [decodeBase64(nonceText), decodeBase64(bytesText)];
    if (version !== VERSION || nonce === null || bytes === null || rest.length > 0) {
      throw new Error("stream header: not a sealed value");
    }
    const parameters = parametersOf(nonce, owner, header);
    return new TextDecoder().decode(await crypto.subtle.decrypt(parameters, key, bytes));
  });
}

async function mapValues(
  kek: Uint8Array,
  { org }: HeadersOwner,
  headers: HeaderValues,
  change: (key: CryptoKey, header: string, value: string) => Promise<string>,
): Promise<HeaderValues> {
  const entries = Object.entries(headers);
  if (entries.length === 0) return {};
  const key = await keyOf(kek, org);
  const changed = entries.map(
    async ([header, value]) => [header, await change(key, header, value)] as const,
  );
  return Object.fromEntries(await Promise.all(changed));
}

function parametersOf(iv: Uint8Array, { stream }: HeadersOwner, header: string) {
  return { name: "AES-GCM", iv, additionalData: utf8.encode(JSON.stringify([stream, header])) };
}

/** RFC 5869: the key-encryption key itself seals nothing. An org's name has no zero byte. */
async function keyOf(kek: Uint8Array, org: string): Promise<CryptoKey> {
  const secret = await crypto.subtle.importKey("raw", kek, "HKDF", false, ["deriveKey"]);
  const info = utf8.encode(`${PURPOSE}\0${org}`);
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info };
  const algorithm = { name: "AES-GCM", length: 256 };
  return crypto.subtle.deriveKey(derivation, secret, algorithm, false, ["encrypt", "decrypt"]);
}
