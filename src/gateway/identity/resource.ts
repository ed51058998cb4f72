/**
 * Which protected resource a request is for (RFC 9728), and what a client without a good token is told of it
 * (RFC 6750 §3). A token is for the URL that its client called, so which host that is must not be the caller's
 * to say: whoever got a token for a host of his own would send it here with that host's name. On a deployment
 * it is MCPG_ORIGIN, whatever `Host` says; on a developer's machine it may be loopback, at any port.
 */
import type { Env } from "#platform/env.ts";
import { isLocal, originHost } from "#platform/settings.ts";
import { isLoopback } from "#streams/endpoint.ts";

const METADATA_PATH = "/.well-known/oauth-protected-resource";

/** Scheme, host and port, as clients have it in their URL. */
export function resourceOrigin(env: Env, requestUrl: string): string {
  const url = new URL(requestUrl);
  return isLocal(env) && isLoopback(url) ? url.origin : `https://${originHost(env)}`;
}

/** The URL of the MCP endpoint, to the byte as its client spells the path. */
export function resourceOf(env: Env, requestUrl: string): string {
  const { pathname } = new URL(requestUrl);
  const path = pathname.startsWith(METADATA_PATH) ? pathname.slice(METADATA_PATH.length) : pathname;
  return `${resourceOrigin(env, requestUrl)}${path}`;
}

export function resourceMetadataUrl(env: Env, requestUrl: string): string {
  const { origin, pathname } = new URL(resourceOf(env, requestUrl));
  return `${origin}${METADATA_PATH}${pathname}`;
}

export interface ChallengeTerms {
  error?: "invalid_token" | "insufficient_scope";
  /** In ASCII, without quotes, and nothing of what was sent. */
  description?: string;
  /** All that the call needs. */
  scope: string;
  /** Null where the org has no issuer: there is nobody to get a token from. */
  metadataUrl: string | null;
}

/** The value of WWW-Authenticate. */
export function challengeOf({ error, description, scope, metadataUrl }: ChallengeTerms): string {
  const isPublic = metadataUrl !== null;
  const parameters = [
    ["error", error],
    ["error_description", isPublic || error === "insufficient_scope" ? description : undefined],
    ["scope", isPublic || error === "insufficient_scope" ? scope : undefined],
    ["resource_metadata", metadataUrl ?? undefined],
  ].filter(([, value]) => value !== undefined);
  const text = parameters.map(([name, value]) => `${name}="${value}"`).join(", ");
  return text === "" ? "Bearer" : `Bearer ${text}`;
}
