import type { Env } from "#platform/env.ts";
import { originHost } from "#platform/settings.ts";
import { allowsLoopback } from "./deployment-streams.ts";
import type { EndpointRules } from "./endpoint.ts";

/**
 * Where an org may have something sent on this deployment: to a stream's receiver, a plugin, an issuer. `hosts`: by
 * what else this service is reached, as the host of the request that names the endpoint.
 */
export function endpointRules(env: Env, hosts: readonly string[] = []): EndpointRules {
  return { allowsLoopback: allowsLoopback(env), ownHosts: [originHost(env), ...hosts] };
}
