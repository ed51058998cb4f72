/**
 * An entry of an audit log: canonical JSON, one object of strings, booleans and null. Its SHA-256 is
 * the entry's hash, its field `previous_hash` the hash of the entry before, and its bytes are the leaf
 * of the tree.
 */
import type { CanonicalObject } from "#formats/canonical-json.ts";
import { encodeHex } from "#formats/hex.ts";
import { sha256 } from "#formats/sha256.ts";

/** The `previous_hash` of a log's first entry. */
export const GENESIS_HASH = "0".repeat(64);

/** The actions of the entries in which the ledger speaks of itself. */
export const LEDGER_ACTIONS = {
  pruned: "ledger.pruned",
  keyRotated: "ledger.key_rotated",
  succeeded: "ledger.succeeded",
  clockCorrected: "ledger.clock_corrected",
} as const;

/** Lower-case hex. */
export function entryHash(bytes: Uint8Array): string {
  return encodeHex(sha256(bytes));
}

/** A string member of an entry or of its details, else null. */
export function textMember(object: CanonicalObject, key: string): string | null {
  const value = object[key];
  return typeof value === "string" ? value : null;
}
