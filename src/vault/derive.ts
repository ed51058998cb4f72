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
  askedId: "mcpg gateway asked id",
  administratorSession: "mcpg administrator session",
} as const;

/** What the vault seals. */
export type SealedPurpose = "streamHeader" | "gatewaySession" | "pluginHeader";

/** What is known again by a MAC. */
export type MacPurpose = "askedId" | "administratorSession";

const KEY_BYTES = 32;
const utf8 = new TextEncoder();

/**
 * An AES-256-GCM key, by HKDF-SHA-256 (RFC 5869). An org's name has no zero byte, so
 * purpose and name stay apart.
 */
export async function deriveSealingKey(
  kek: Uint8Array,
  purpose: SealedPurpose,
  org: string,
): Promise<CryptoKey> {
  const secret = await crypto.subtle.importKey("raw", kek, "HKDF", false, ["deriveKey"]);
  const info = utf8.encode(`${PURPOSES[purpose]}\0${org}`);
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info };
  const algorithm = { name: "AES-GCM", length: 8 * KEY_BYTES };
  return crypto.subtle.deriveKey(derivation, secret, algorithm, false, ["encrypt", "decrypt"]);
}

/** An HMAC-SHA-256 key, by the same derivation. */
export async function deriveMacKey(
  kek: Uint8Array,
  purpose: MacPurpose,
  org: string,
): Promise<CryptoKey> {
  const secret = await crypto.subtle.importKey("raw", kek, "HKDF", false, ["deriveKey"]);
  const info = utf8.encode(`${PURPOSES[purpose]}\0${org}`);
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info };
  const algorithm = { name: "HMAC", hash: "SHA-256", length: 8 * KEY_BYTES };
  return crypto.subtle.deriveKey(derivation, secret, algorithm, false, ["sign"]);
}

/**
 * The key of one org's error fingerprints. BLAKE3's derive_key turns the secret into one for this purpose
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
