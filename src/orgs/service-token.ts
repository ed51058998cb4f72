/**
 * A service token is
 *
 *     mcpgst_<id>_<secret>_<checksum>
 *
 * id: 16 characters, 48 bits of milliseconds and 32 random ones, so that ids sort by age;
 * secret: 52 characters, 256 random bits; checksum: 7 characters over all before it, so that a
 * mistyped or truncated token is refused without a database read, and scanners can tell a leaked
 * token from a look-alike. Characters are Crockford's base32 in lower case: in ASCII order, no
 * underscore, nothing to mistake. Only the SHA-256 of the whole token is stored.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { SCOPES, type Scope } from "./principal.ts";

export interface ServiceToken {
  id: string;
  org: string;
  name: string;
  scopes: readonly Scope[];
  actor: string | null;
  digest: string;
  createdAtMs: number;
  createdBy: string;
  expiresAtMs: number | null;
  revokedAtMs: number | null;
}

const PREFIX = "mcpgst";
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const TOKEN = /^mcpgst_([0-9a-hjkmnp-tv-z]{16})_[0-9a-hjkmnp-tv-z]{52}_([0-9a-hjkmnp-tv-z]{7})$/;
const TOKEN_ID = /^[0-9a-hjkmnp-tv-z]{16}$/;

/** Random bytes that one token takes: 4 in the id, 32 in the secret. */
export const TOKEN_RANDOM_BYTES = 36;

export function formatServiceToken(
  nowMs: number,
  random: Uint8Array,
): { id: string; token: string } {
  const idBytes = new Uint8Array(10);
  new DataView(idBytes.buffer).setBigUint64(0, BigInt(nowMs) << 16n);
  idBytes.set(random.subarray(0, 4), 6);
  const id = base32(idBytes);
  const body = `${PREFIX}_${id}_${base32(random.subarray(4, TOKEN_RANDOM_BYTES))}`;
  return { id, token: `${body}_${checksum(body)}` };
}

/** The id to look up, or null if this was never one of our tokens. */
export function parseServiceToken(token: string): string | null {
  const match = TOKEN.exec(token);
  if (match === null) return null;
  const body = token.slice(0, token.lastIndexOf("_"));
  return checksum(body) === match[2] ? (match[1] as string) : null;
}

export function isTokenId(value: string): boolean {
  return TOKEN_ID.test(value);
}

export function looksLikeServiceToken(value: string): boolean {
  return value.startsWith(`${PREFIX}_`);
}

export function isUsable(token: ServiceToken, nowMs: number): boolean {
  const expired = token.expiresAtMs !== null && token.expiresAtMs <= nowMs;
  return token.revokedAtMs === null && !expired;
}

/** Each scope once and in one order, so that equal grants read equally. */
export function normaliseScopes(scopes: readonly Scope[]): Scope[] {
  return SCOPES.filter((scope) => scopes.includes(scope));
}

export function sha256Hex(value: string): string {
  return bytesToHex(sha256(utf8ToBytes(value)));
}

/** Takes the same time wherever two digests differ. */
export function digestsEqual(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

/** 32 of 35 bits are checked: one typing error in 4·10⁹ passes, and then meets the digest. */
function checksum(body: string): string {
  return base32(sha256(utf8ToBytes(body)).subarray(0, 4));
}

function base32(bytes: Uint8Array): string {
  let text = "";
  let pending = 0;
  let bits = 0;
  for (const byte of bytes) {
    pending = ((pending << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(pending >> (bits - 5)) & 31];
  }
  return bits > 0 ? text + ALPHABET[(pending << (5 - bits)) & 31] : text;
}
