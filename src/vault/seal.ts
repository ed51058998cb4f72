/**
 * Values sealed as text: AES-256-GCM under a key for one purpose and one org, by its version. What the value belongs
 * to is authenticated with it, so that a value moved to another place opens nowhere.
 *
 *     v2.<key version>.<nonce, 12 bytes, base64>.<ciphertext and tag, base64>
 *     v1.<nonce>.<ciphertext and tag>      of before keys had versions
 */
import { decodeBase64, encodeBase64 } from "#formats/base64.ts";

const NONCE_BYTES = 12;
const KEY_VERSION = /^(0|[1-9]\d{0,9})$/;

const utf8 = new TextEncoder();

/** Seals and opens one org's values of one purpose. */
export interface Seal {
  /** `place` names what the value belongs to, e.g. its stream and its header. */
  readonly close: (value: string, place: readonly string[]) => Promise<string>;
  /** Throws if the value was sealed under another key, is bound to another place, or was altered. */
  readonly open: (sealed: string, place: readonly string[]) => Promise<string>;
}

/** AES-256-GCM, and not to be taken out of the isolate. */
export interface VersionedKey {
  readonly version: number;
  readonly key: CryptoKey;
}

export interface SealKeys {
  newest(): Promise<VersionedKey>;
  /** Null where there is none of that version any more. */
  of(version: number): Promise<VersionedKey | null>;
  /** What a value is sealed with that says no version. */
  readonly unversioned: number;
}

export function sealWith(keys: SealKeys): Seal {
  return {
    close: async (value, place) => closeWith(await keys.newest(), value, place),
    async open(sealed, place) {
      const { version, nonce, bytes } = parseSealed(sealed, keys.unversioned);
      const found = await keys.of(version);
      if (found === null) throw new Error(`vault: there is no key ${version} any more`);
      const opened = await crypto.subtle.decrypt(gcm(nonce, place), found.key, bytes);
      return new TextDecoder().decode(opened);
    },
  };
}

/** The version of the key that opens it. Throws where it is no sealed value. */
export function keyVersionOf(sealed: string, unversioned: number): number {
  return parseSealed(sealed, unversioned).version;
}

async function closeWith(
  { version, key }: VersionedKey,
  value: string,
  place: readonly string[],
): Promise<string> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = await crypto.subtle.encrypt(gcm(nonce, place), key, utf8.encode(value));
  return `v2.${version}.${encodeBase64(nonce)}.${encodeBase64(new Uint8Array(sealed))}`;
}

function parseSealed(sealed: string, unversioned: number) {
  const [form, ...parts] = sealed.split(".");
  const [version = "", nonceText = "", bytesText = "", ...rest] =
    form === "v1" ? [String(unversioned), ...parts] : parts;
  const [nonce, bytes] = [decodeBase64(nonceText), decodeBase64(bytesText)];
  const isForm = (form === "v1" || form === "v2") && KEY_VERSION.test(version);
  if (!isForm || nonce === null || bytes === null || rest.length > 0) {
    throw new Error("vault: not a sealed value");
  }
  return { version: Number(version), nonce, bytes };
}

function gcm(iv: Uint8Array, place: readonly string[]) {
  return { name: "AES-GCM", iv, additionalData: utf8.encode(JSON.stringify(place)) };
}
