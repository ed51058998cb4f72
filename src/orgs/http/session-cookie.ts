/**
 * The cookie that a session is carried in. `__Host-` has the browser refuse it without Secure, with another path, or
 * for a whole domain, so that no sibling of this host can set it; Strict keeps it out of what other sites link to.
 *
 * On loopback alone, and where whoever started this Worker said so, it goes without both: Safari keeps no Secure
 * cookie of http://localhost (webcompat/web-bugs#142566).
 */

import type { Env } from "#platform/env.ts";
import { isLocal } from "#platform/settings.ts";

const PLAIN_NAME = "mcpg_session";
export const SESSION_COOKIE = `__Host-${PLAIN_NAME}`;
const ATTRIBUTES = "Path=/; HttpOnly; SameSite=Strict";
const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

interface CookiePlace {
  readonly env: Env;
  readonly url: string;
}

/** Null where there is none, or more than one: of two nobody can say which is ours. */
export function readSessionCookie(cookies: string | undefined, place: CookiePlace): string | null {
  if (cookies === undefined) return null;
  const prefix = `${nameFor(place)}=`;
  const found = cookies
    .split(";")
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie.startsWith(prefix));
  return found.length === 1 ? (found[0] as string).slice(prefix.length) : null;
}

/** It ends with the browser; how long it is good for is said by the session. */
export function sessionCookie(secret: string, place: CookiePlace): string {
  return `${nameFor(place)}=${secret}; ${attributesFor(place)}`;
}

export function endedCookie(place: CookiePlace): string {
  return `${nameFor(place)}=; Max-Age=0; ${attributesFor(place)}`;
}

function nameFor(place: CookiePlace): string {
  return isPlain(place) ? PLAIN_NAME : SESSION_COOKIE;
}

function attributesFor(place: CookiePlace): string {
  return isPlain(place) ? ATTRIBUTES : `${ATTRIBUTES}; Secure`;
}

function isPlain({ env, url }: CookiePlace): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && LOOPBACK.has(hostname) && isLocal(env);
}
