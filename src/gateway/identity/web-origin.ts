/**
 * Whether a web page may call (Streamable HTTP, "Security Warning"). A browser says in `Origin` whose script
 * calls; other clients send none. `Host` decides nothing here: a name that its owner has resolve to us is in
 * both (DNS rebinding).
 */
import type { Env } from "#platform/env.ts";
import { isLocal, originHost } from "#platform/settings.ts";
import { isLoopback } from "#streams/endpoint.ts";
import { identityOf } from "./identity-of.ts";

/** Null alike where the org is not there, and where it allows nobody: the answer is the same. */
export async function mayCall(env: Env, org: string, origin: string): Promise<boolean> {
  if (isOwnOrigin(env, origin)) return true;
  const identity = await identityOf(env, org, Date.now());
  return identity?.allowedOrigins.includes(origin) ?? false;
}

/** A page of the deployment's own, or of the developer's machine that it runs on. */
function isOwnOrigin(env: Env, origin: string): boolean {
  if (origin === `https://${originHost(env)}`) return true;
  if (!isLocal(env) || !/^https?:\/\/[^/?#\\@]+$/.test(origin) || !URL.canParse(origin))
    return false;
  return isLoopback(new URL(origin));
}

/** Headers of an answer that a page of that origin may read. No cookie is ever asked for. */
export function readableBy(origin: string): [name: string, value: string][] {
  return [
    ["access-control-allow-origin", origin],
    [
      "access-control-expose-headers",
      "mcp-session-id, www-authenticate, retry-after, x-request-id",
    ],
    ["vary", "Origin"],
  ];
}

/** What a preflight may ask for: names of headers, as browsers list them. */
const HEADER_NAMES = /^[a-z0-9-]+(, ?[a-z0-9-]+)*$/;
const HEADER_NAMES_LENGTH_MAX = 2_048;

/** Any header is fine: it is by its token that a request is let in, which no browser adds by itself. */
export function preflightHeaders(methods: string, asked: string | undefined): [string, string][] {
  const names = asked ?? "";
  const isPlain = names.length <= HEADER_NAMES_LENGTH_MAX && HEADER_NAMES.test(names);
  return [
    ["access-control-allow-methods", methods],
    ["access-control-max-age", "600"],
    ...(isPlain ? [["access-control-allow-headers", names] as [string, string]] : []),
  ];
}
