/**
 * Keys derived from the deployment's secrets, each for one purpose and one owner, so that none tells
 * anything about another and none but the secrets has to be kept.
 *
 * A purpose's words are fixed for ever: with others, everything of that purpose has another key.
 */
import { blake3 } from "@noble/hashes/blake3.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";

const PURPOSES = {
  streamHeader: "mcpg stream header",
  gatewaySession: "mcpg gateway session",
  pluginHeader: "mcpg plugin header",
  errorFingerprint: "mcpg-control-plane 2026-11-22 error fingerprint key v1",
  auditLog: "mcpg audit log key",
  seedCheck: "mcpg ledger seed check",
  dataKey: "mcpg data key",
  kekCheck: "mcpg payload kek check",
  askedId: "mcpg gateway asked id",
  administratorSession: "mcpg administrator session",
} as const;

/** What is sealed with a key of the key-encryption key itself: it ends with that key, and may. */
export type DerivedPurpose = "gatewaySession";

/** What was, before orgs had data keys. */
type FormerPurpose = "streamHeader" | "pluginHeader";

/** What is known again by a MAC. */
export type MacPurpose = "askedId" | "administratorSession";

const KEY_BYTES = 32;
const utf8 = new TextEncoder();

/**
 * An AES-256-GCM key, by HKDF-SHA-256 (RFC 5869). An org's name has no zero byte, so
 * purpose and name stay apart.
 */
export function deriveSealingKey(
  kek: Uint8Array,
  purpose: DerivedPurpose,
  org: string,
): Promise<CryptoKey> {
  return deriveAesKey(kek, `${PURPOSES[purpose]}\0${org}`);
}

/** What wraps one data key: of a payload's, `secret` has the org's share behind the key-encryption key. */
export function deriveWrappingKey(
  secret: Uint8Array,
  { purpose, org, version }: { purpose: string; org: string; version: number },
): Promise<CryptoKey> {
  return deriveAesKey(secret, [PURPOSES.dataKey, purpose, org, version].join("\0"));
}

async function deriveAesKey(secret: Uint8Array, info: string): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const algorithm = { name: "AES-GCM", length: 8 * KEY_BYTES };
  return crypto.subtle.deriveKey(hkdfOf(info), base, algorithm, false, ["encrypt", "decrypt"]);
}

/** The bytes of the key that an org's headers were sealed with before it had data keys. */
export async function deriveFormerKey(
  kek: Uint8Array,
  purpose: FormerPurpose,
  org: string,
): Promise<Uint8Array> {
  const base = await crypto.subtle.importKey("raw", kek, "HKDF", false, ["deriveBits"]);
  const derivation = hkdfOf(`${PURPOSES[purpose]}\0${org}`);
  return new Uint8Array(await crypto.subtle.deriveBits(derivation, base, 8 * KEY_BYTES));
}

function hkdfOf(info: string) {
  return { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: utf8.encode(info) };
}

/** An HMAC-SHA-256 key, by the same derivation. */
export async function deriveMacKey(
  kek: Uint8Array,
  purpose: MacPurpose,
  org: string,
): Promise<CryptoKey> {
  const secret = await crypto.subtle.importKey("raw", kek, "HKDF", false, ["deriveKey"]);
  const algorithm = { name: "HMAC", hash: "SHA-256", length: 8 * KEY_BYTES };
  const derivation = hkdfOf(`${PURPOSES[purpose]}\0${org}`);
  return crypto.subtle.deriveKey(derivation, secret, algorithm, false, ["sign"]);
}

/**
 * The key of an org's error fingerprints before it had data keys. BLAKE3's derive_key turns the secret into one for this purpose
 * alone; the keyed hash of the name then parts the orgs, whatever their names
 * (https://github.com/BLAKE3-team/BLAKE3-specs §2.3).
 */
export function deriveFingerprintKey(kek: Uint8Array, org: string): Uint8Array {
  if (kek.length < KEY_BYTES) {
    throw new RangeError(`secret must have ${KEY_BYTES} bytes, got ${kek.length}`);
  }
  const deploymentKey = blake3(kek, { context: utf8.encode(PURPOSES.errorFingerprint) });
  return blake3(utf8.encode(org), { key: deploymentKey });
}

/** The Ed25519 seed that signs a log's heads in one epoch, by HKDF-SHA-256 (RFC 5869). */
export function deriveSigningSeed(
  seed: Uint8Array,
  { origin, epoch }: { origin: string; epoch: number },
): Uint8Array {
  const info = utf8.encode(`${PURPOSES.auditLog}\n${origin}\n${epoch}\n`);
  return hkdf(sha256, seed, undefined, info, KEY_BYTES);
}

/** By what a seed is known again, by HKDF-SHA-256 (RFC 5869): it tells nothing of the seed or of its keys. */
export function deriveSeedCheck(seed: Uint8Array, version: number): Uint8Array {
  const info = utf8.encode(`${PURPOSES.seedCheck}\n${version}\n`);
  return hkdf(sha256, seed, undefined, info, KEY_BYTES);
}

/** By what a key-encryption key is known again. */
export function deriveKekCheck(kek: Uint8Array, version: number): Uint8Array {
  const info = utf8.encode(`${PURPOSES.kekCheck}\n${version}\n`);
  return hkdf(sha256, kek, undefined, info, KEY_BYTES);
}
