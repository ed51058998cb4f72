/**
 * SHA-256 (FIPS 180-4) in Workers, in place of sha256.ts (`imports` of package.json, condition `workerd`). Their own
 * hash makes three objects for each digest, which costs more than to hash an entry, and they have to be collected; but
 * it has the processor's instructions for it.
 *
 *               65 bytes  480     1,500   8,192
 *   WebAssembly 1.0 µs    3.1 µs  11 µs   42 µs
 *   own         3.2 µs    3.4 µs  4.4 µs  9.7 µs
 */
import sha256Module from "#wasm/sha256.wasm";
import { sha256 as ownSha256 } from "./sha256.ts";

/** What hash-wasm's module exports (its src/sha256.c); scripts/build-sha256.ts refuses another. */
export interface Sha256Exports {
  readonly memory: WebAssembly.Memory;
  /** Where its buffer begins: of what is hashed, and then of the digest. */
  Hash_GetBuffer(): number;
  Hash_Init(bits: 256): void;
  Hash_Update(bytes: number): void;
  Hash_Final(): void;
}

const DIGEST_BYTES = 32;
/** Up to here an append takes less time so, what is collected counted; the module's buffer has 16 KiB. */
const BYTES_MAX = 640;

const hash = new WebAssembly.Instance(sha256Module, {}).exports as unknown as Sha256Exports;
const buffer = new Uint8Array(hash.memory.buffer, hash.Hash_GetBuffer(), BYTES_MAX);

/** 32 bytes. Throws of what is no Uint8Array: of an ArrayBuffer, as SQL gives blobs, the module would hash nothing. */
export function sha256(bytes: Uint8Array): Uint8Array {
  if (!(bytes instanceof Uint8Array)) throw new TypeError("SHA-256 is of a Uint8Array");
  return bytes.length > BYTES_MAX ? ownSha256(bytes) : hashShort(bytes);
}

/** Nothing is awaited between what is written into the buffer and what is read from it. */
function hashShort(bytes: Uint8Array): Uint8Array {
  hash.Hash_Init(256);
  buffer.set(bytes);
  hash.Hash_Update(bytes.length);
  hash.Hash_Final();
  return buffer.slice(0, DIGEST_BYTES);
}
