/**
 * A field of a payload as it lies in the database: AES-256-GCM under a data key of its org. Whose it is, of which call,
 * which field and by which key is authenticated with it, so that one that was moved to another place opens nowhere.
 *
 *     format version (1 byte), version of the data key (4, big-endian), nonce (12), ciphertext, tag (16)
 *
 * docs/payloads.md has known answers, and a reader in another language.
 */
import type { VersionedKey } from "#vault/seal.ts";
import { decodeBody, encodeBody } from "./payload-body.ts";
import type { PayloadContent } from "./payload-size.ts";

export const PAYLOAD_FIELDS = ["request", "response"] as const;
export type PayloadField = (typeof PAYLOAD_FIELDS)[number];

export interface PayloadPlace {
  readonly org: string;
  /** Of the call: a UUIDv7 in lower case. */
  readonly id: string;
  readonly field: PayloadField;
}

const FORMAT_VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 5;
const CIPHERTEXT_AT = HEAD_BYTES + NONCE_BYTES;

const utf8 = new TextEncoder();

/** Random nonces of 96 bits: a key may seal 2^32 payloads (NIST SP 800-38D §8.3), a year of 136 a second. */
export function sealPayload(
  key: VersionedKey,
  place: PayloadPlace,
  content: PayloadContent,
): Promise<Uint8Array> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  return sealWithNonce(key, place, content, nonce);
}

/** For known answers: under one key no nonce may come twice. */
export async function sealWithNonce(
  { version, key }: VersionedKey,
  place: PayloadPlace,
  content: PayloadContent,
  nonce: Uint8Array,
): Promise<Uint8Array> {
  const ciphertext = await crypto.subtle.encrypt(
    gcm(nonce, version, place),
    key,
    encodeBody(content),
  );
  const sealed = new Uint8Array(CIPHERTEXT_AT + ciphertext.byteLength);
  sealed[0] = FORMAT_VERSION;
  new DataView(sealed.buffer).setUint32(1, version);
  sealed.set(nonce, HEAD_BYTES);
  sealed.set(new Uint8Array(ciphertext), CIPHERTEXT_AT);
  return sealed;
}

/** The version of the data key that it says it is sealed with; null where it is no sealed payload. */
export function sealedKeyVersion(sealed: Uint8Array): number | null {
  if (sealed.length < CIPHERTEXT_AT + TAG_BYTES || sealed[0] !== FORMAT_VERSION) return null;
  return new DataView(sealed.buffer, sealed.byteOffset).getUint32(1);
}

/** Null where it was altered, sealed for another place, or under another key. */
export async function openPayload(
  { version, key }: VersionedKey,
  place: PayloadPlace,
  sealed: Uint8Array,
): Promise<PayloadContent | null> {
  if (sealedKeyVersion(sealed) !== version) return null;
  const nonce = sealed.subarray(HEAD_BYTES, CIPHERTEXT_AT);
  const ciphertext = sealed.subarray(CIPHERTEXT_AT);
  try {
    const body = await crypto.subtle.decrypt(gcm(nonce, version, place), key, ciphertext);
    return decodeBody(new Uint8Array(body));
  } catch {
    return null;
  }
}

function gcm(iv: Uint8Array, keyVersion: number, { org, id, field }: PayloadPlace) {
  const bound = ["mcpg payload", FORMAT_VERSION, org, id, field, keyVersion];
  return { name: "AES-GCM", iv, additionalData: utf8.encode(JSON.stringify(bound)) };
}
