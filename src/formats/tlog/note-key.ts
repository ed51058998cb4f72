/**
 * The public key of a note's signer as one line of text, a "vkey": c2sp.org/signed-note@v1.0.0
 * "Verifier keys".
 *
 *   example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k
 *   name            id       base64(type || public key)
 *
 * Of the signature types, this reads and writes 01, Ed25519 over the text of a note.
 */
import { decodeBase64, encodeBase64 } from "#formats/base64.ts";
import { PUBLIC_KEY_BYTES } from "#formats/ed25519.ts";
import { encodeHex } from "#formats/hex.ts";
import { sha256 } from "#formats/sha256.ts";

export interface VerifierKey {
  readonly name: string;
  /** 4 bytes. They find the key and prove nothing: anyone can make a key with this id. */
  readonly id: Uint8Array;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

export const KEY_ID_BYTES = 4;

const ED25519_TYPE = 0x01;

/**
 * A key name has neither a Unicode space nor a plus, and only what a note may hold at
 * all: UTF-8, no control.
 */
const KEY_NAME = /^[[\u{21}-\u{10ffff}]--[+\p{White_Space}\p{Surrogate}]]+$/v;

const utf8 = new TextEncoder();

export function isKeyName(name: string): boolean {
  return KEY_NAME.test(name);
}

export function verifierKey(name: string, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name)) {
    throw new RangeError(`a key name has no space, plus or control, got ${JSON.stringify(name)}`);
  }
  if (publicKey.length !== PUBLIC_KEY_BYTES) {
    throw new RangeError(`a public key has ${PUBLIC_KEY_BYTES} bytes, got ${publicKey.length}`);
  }
  return { name, id: keyId(name, publicKey), publicKey };
}

export function formatVkey({ name, id, publicKey }: VerifierKey): string {
  return `${name}+${encodeHex(id)}+${encodeBase64(new Uint8Array([ED25519_TYPE, ...publicKey]))}`;
}

/** Null for another type, an id that is not the key's, or any text but the one we write. */
export function parseVkey(text: string): VerifierKey | null {
  const name = text.slice(0, Math.max(text.indexOf("+"), 0));
  // The base64 may hold more pluses: only the first two separate.
  const material = decodeBase64(text.slice(text.indexOf("+", name.length + 1) + 1));
  if (!isKeyName(name) || material?.length !== 1 + PUBLIC_KEY_BYTES) return null;
  const key = verifierKey(name, material.subarray(1));
  return formatVkey(key) === text ? key : null;
}

/** "Ed25519 signatures": SHA-256(name || 0x0A || 0x01 || public key), its first four bytes. */
function keyId(name: string, publicKey: Uint8Array): Uint8Array {
  const named = utf8.encode(`${name}\n`);
  const digest = sha256(new Uint8Array([...named, ED25519_TYPE, ...publicKey]));
  return digest.slice(0, KEY_ID_BYTES);
}
