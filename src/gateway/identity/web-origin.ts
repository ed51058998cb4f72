/**
 * Whether a web page may call (Streamable HTTP, "Security Warning"). A browser says in `Origin` whose script
 * calls; other clients send none. `Host` decides nothing here: a name that its owner has resolve to us is in
 * both (DNS rebinding).
 */
import type { Env } from "#platform/env.ts";
import { isLocal, originHost } from "#platform/settings.ts";
import { isLoopback } from "#streams/endpoint.ts";

/** A page of the deployment's own, or of the developer's machine that it runs on. */
export function isOwnOrigin(env: Env, origin: string): boolean {
  if (origin === `https://${originHost(env)}`) return true;
  if (!isLocal(env) || !/^https?:\/\/[^/?#\\@]+$/.test(origin) || !URL.canParse(origin))
    return false;
  return isLoopback(new URL(origin));
}
