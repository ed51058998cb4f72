/**
 * Ed25519, RFC 8032 §5.1, synchronous. https://www.rfc-editor.org/rfc/rfc8032#section-5.1
 *
 *   seed        32 bytes, the private key of §5.1.5
 *   public key  32 bytes, the compressed point A
 *   signature   64 bytes, R || S
 *
 * Big integers take no constant time: where a stranger can measure many signatures, sign with
 * crypto.subtle, whose signatures are these byte for byte.
 */
import * as noble from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";

// The library carries no hash for its synchronous calls: RFC 8032 §5.1 names SHA-512.
noble.hashes.sha512 = sha512;

export const SEED_BYTES = 32;
export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** The public key of RFC 8032 §5.1.5. */
export function publicKeyOf(seed: Uint8Array): Uint8Array {
  return noble.getPublicKey(checkSeed(seed));
}

/** The signature of §5.1.6, which is deterministic: the same seed and message have one signature. */
export function sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return noble.sign(message, checkSeed(seed));
}

/**
 * Verifies as §5.1.7 says; false for whatever is malformed. Only canonical encodings of A, R and S are
 * taken, else a signature could be rewritten into another one that also verifies; a public key of small
 * order is refused because some signature of it fits every message.
 */
export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== PUBLIC_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  return noble.verify(signature, message, publicKey, { zip215: false });
}

/** The error tells the length alone: what was given in place of a seed may be another secret. */
function checkSeed(seed: Uint8Array): Uint8Array {
  if (seed.length === SEED_BYTES) return seed;
  throw new RangeError(`an Ed25519 seed has ${SEED_BYTES} bytes, got ${seed.length}`);
}
