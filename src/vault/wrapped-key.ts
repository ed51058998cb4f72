/**
 * A data key as it lies in the database: AES-256-GCM under a key that HKDF-SHA-256 makes of the key-encryption key,
 * and, for payloads, of the share that only the org's ledger object has. Whose it is, what it is for and what wraps it
 * is authenticated with it, so that a row moved to another place opens nowhere.
 *
 *     nonce (12 bytes), ciphertext (32), tag (16)
 */
import { concatBytes } from "#formats/concat-bytes.ts";
import type { DataKeyPurpose } from "./data-key-purpose.ts";
import { deriveWrappingKey } from "./derive.ts";

export interface KeyPlace {
  readonly org: string;
  readonly generation: number;
  readonly purpose: DataKeyPurpose;
  readonly version: number;
  readonly kekVersion: number;
}

/** `share` is empty where the purpose needs none. */
export interface WrappingSecret {
  readonly kek: Uint8Array;
  readonly share: Uint8Array;
}

const NONCE_BYTES = 12;
const utf8 = new TextEncoder();

export async function wrapKey(
  secret: WrappingSecret,
  place: KeyPlace,
  key: Uint8Array,
): Promise<Uint8Array> {
  const wrapping = await wrappingKey(secret, place);
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = await crypto.subtle.encrypt(gcm(nonce, place), wrapping, key);
  return concatBytes([nonce, new Uint8Array(sealed)]);
}

/** Throws if it was wrapped by another key, is bound to another place, or was altered. */
export async function unwrapKey(
  secret: WrappingSecret,
  place: KeyPlace,
  wrapped: Uint8Array,
): Promise<Uint8Array> {
  const wrapping = await wrappingKey(secret, place);
  const nonce = wrapped.subarray(0, NONCE_BYTES);
  const sealed = wrapped.subarray(NONCE_BYTES);
  return new Uint8Array(await crypto.subtle.decrypt(gcm(nonce, place), wrapping, sealed));
}

function wrappingKey({ kek, share }: WrappingSecret, place: KeyPlace): Promise<CryptoKey> {
  return deriveWrappingKey(concatBytes([kek, share]), place);
}

function gcm(iv: Uint8Array, { purpose, org, version, kekVersion, generation }: KeyPlace) {
  const place = JSON.stringify([purpose, org, version, kekVersion, generation]);
  return { name: "AES-GCM", iv, additionalData: utf8.encode(place) };
}
