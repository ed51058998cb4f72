/**
 * SHA-256 (FIPS 180-4), synchronous: a chain is hashed inside one transaction, where nothing may wait.
 * The runtime's own, in Workers as in Node: 3 µs for an entry of 480 bytes, where JavaScript takes 13.
 */
import { createHash } from "node:crypto";

const DIGEST_BYTES = 32;

/** 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset } = createHash("sha256").update(bytes).digest();
  return new Uint8Array(buffer, byteOffset, DIGEST_BYTES);
}
