/**
 * A session of the dashboard: a browser that signed in with a token, and may for a while do in its pages what the
 * token may. It has no rights of its own: whose it is and what that one may do is read of the token at each use, so
 * that it ends with the token.
 */
import { encodeBase64 } from "#formats/base64.ts";
import { sha256Hex } from "#orgs/service-token.ts";
import { HOUR_MS, MINUTE_MS } from "#platform/time.ts";

export interface WebSession {
  /** SHA-256, hex, of the secret in the cookie. */
  readonly digest: string;
  /** Null: the administrator's. */
  readonly org: string | null;
  /** The service token that signed in; null: the administrator's did. */
  readonly tokenId: string | null;
  /** Of the administrator's token, for the administrator's session alone. */
  readonly credentialMac: string | null;
  readonly createdAtMs: number;
  readonly lastSeenAtMs: number;
  /** Unless it is used before. */
  readonly endsAtMs: number;
  /** However much it is used. */
  readonly expiresAtMs: number;
}

export const IDLE_MS = 30 * MINUTE_MS;
/** How often use is written down: an idle session ends 25 to 30 minutes after it was last used, for a row each 5. */
export const SEEN_EVERY_MS = 5 * MINUTE_MS;
const LIFETIME_MS = 12 * HOUR_MS;
const ADMINISTRATOR_LIFETIME_MS = HOUR_MS;

/** How far two machines' clocks differ. */
const CLOCKS_DIFFER_MS = MINUTE_MS;

const SECRET_BYTES = 32;
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** 256 random bits, as base64url. */
export function newSessionSecret(): string {
  const base64 = encodeBase64(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replace("=", "");
}

/** By what the secret is known; null where it was never one of ours. */
export function sessionDigest(secret: string): string | null {
  return SECRET.test(secret) ? sha256Hex(secret) : null;
}

/** What entries of the ledger call a session: half of a digest leads to no secret. */
export function sessionTarget({ digest }: Pick<WebSession, "digest">): string {
  return `session://${digest.slice(0, 32)}`;
}

type Signed = Pick<WebSession, "digest" | "org" | "tokenId" | "credentialMac">;

/** No session outlives its token. */
export function newWebSession(
  signed: Signed,
  { nowMs, tokenExpiresAtMs }: { nowMs: number; tokenExpiresAtMs: number | null },
): WebSession {
  const lifetimeMs = signed.tokenId === null ? ADMINISTRATOR_LIFETIME_MS : LIFETIME_MS;
  const expiresAtMs = Math.min(nowMs + lifetimeMs, tokenExpiresAtMs ?? Number.POSITIVE_INFINITY);
  return {
    ...signed,
    createdAtMs: nowMs,
    lastSeenAtMs: nowMs,
    endsAtMs: Math.min(nowMs + IDLE_MS, expiresAtMs),
    expiresAtMs,
  };
}

/** One that has longer than any has now was made by a clock that was ahead: it would outlast its time. */
export function isSessionAlive({ endsAtMs }: WebSession, nowMs: number): boolean {
  return nowMs < endsAtMs && endsAtMs - nowMs <= IDLE_MS + CLOCKS_DIFFER_MS;
}

export function isUseToBeWritten({ lastSeenAtMs }: WebSession, nowMs: number): boolean {
  return nowMs - lastSeenAtMs >= SEEN_EVERY_MS;
}
