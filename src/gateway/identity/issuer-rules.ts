import type { Env } from "#platform/env.ts";
import { originHost } from "#platform/settings.ts";
import { allowsLoopback } from "#streams/deployment-streams.ts";
import type { EndpointRules } from "#streams/endpoint.ts";

/** Where an issuer, and the keys that it names, may be: as a stream's receiver, public or the developer's own. */
export function issuerRules(env: Env, hosts: readonly string[] = []): EndpointRules {
  return { allowsLoopback: allowsLoopback(env), ownHosts: [originHost(env), ...hosts] };
}
