/** The two hashes of an entry, of one encoding of its text. */
import { sha256 } from "#formats/sha256.ts";
import { LEAF_PREFIX } from "#formats/tlog/merkle-hash.ts";
import { ENTRY_BYTES_MAX } from "#formats/tlog/tlog-tiles.ts";

export interface EntryHashes {
  /** Bytes of the text in UTF-8. */
  byteLength: number;
  /** SHA-256 of those bytes. */
  hash: Uint8Array;
  /** RFC 6962 §2.1: SHA-256(0x00 || bytes). */
  leaf: Uint8Array;
}

const utf8 = new TextEncoder();

/**
 * The prefix of a leaf, then the entry. Used again for each entry: nothing is awaited between writing and
 * hashing.
 */
const prefixed = new Uint8Array(1 + ENTRY_BYTES_MAX);
prefixed[0] = LEAF_PREFIX;
const encoded = prefixed.subarray(1);

/** Null if the text has more bytes than an entry may have. */
export function hashEntry(text: string): EntryHashes | null {
  const { read, written } = utf8.encodeInto(text, encoded);
  if (read < text.length) return null;
  return {
    byteLength: written,
    hash: sha256(encoded.subarray(0, written)),
    leaf: sha256(prefixed.subarray(0, 1 + written)),
  };
}
