/**
 * Values sealed for the database: AES-256-GCM under a key derived for one purpose and one org. What the
 * value belongs to is authenticated with it, so that a value moved to another place opens nowhere.
 *
 *     v1.<nonce, 12 bytes, base64>.<ciphertext and tag, base64>
 */
import { decodeBase64, encodeBase64 } from "#formats/base64.ts";
import { deriveSealingKey, type SealedPurpose } from "./derive.ts";

const VERSION = "v1";
const NONCE_BYTES = 12;

const utf8 = new TextEncoder();

/** Seals and opens one org's values of one purpose. */
export interface Seal {
  /** `place` names what the value belongs to, e.g. its stream and its header. */
  readonly close: (value: string, place: readonly string[]) => Promise<string>;
  /** Throws if the value was sealed under another key, is bound to another place, or was altered. */
  readonly open: (sealed: string, place: readonly string[]) => Promise<string>;
}

export async function sealOf(kek: Uint8Array, purpose: SealedPurpose, org: string): Promise<Seal> {
  const key = await deriveSealingKey(kek, purpose, org);
  return {
    close: (value, place) => closeWith(key, value, place),
    open: (sealed, place) => openWith(key, sealed, place),
  };
}

async function closeWith(key: CryptoKey, value: string, place: readonly string[]): Promise<string> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = await crypto.subtle.encrypt(gcm(nonce, place), key, utf8.encode(value));
  return `${VERSION}.${encodeBase64(nonce)}.${encodeBase64(new Uint8Array(sealed))}`;
}

async function openWith(key: CryptoKey, sealed: string, place: readonly string[]): Promise<string> {
  const [version, nonceText = "", bytesText = "", ...rest] = sealed.split(".");
  const [nonce, bytes] = [decodeBase64(nonceText), decodeBase64(bytesText)];
  if (version !== VERSION || nonce === null || bytes === null || rest.length > 0) {
    throw new Error("vault: not a sealed value");
  }
  return new TextDecoder().decode(await crypto.subtle.decrypt(gcm(nonce, place), key, bytes));
}

function gcm(iv: Uint8Array, place: readonly string[]) {
  return { name: "AES-GCM", iv, additionalData: utf8.encode(JSON.stringify(place)) };
}
