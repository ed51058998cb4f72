/**
 * The two tokens that are no org's. They are kept as digests: comparing one takes the
 * same time whatever it is.
 */
import { refuseSetting, setting } from "#platform/settings.ts";
import { sha256Hex } from "./service-token.ts";

export interface DeploymentTokens {
  administratorDigest: string;
  /** Null: the deployment has no such token. */
  metricsDigest: string | null;
}

export const deploymentTokens = setting((env): DeploymentTokens => {
  const administratorDigest = parseToken("MCPG_ADMIN_TOKEN", env.MCPG_ADMIN_TOKEN);
  const metricsDigest = env.MCPG_METRICS_TOKEN
    ? parseToken("MCPG_METRICS_TOKEN", env.MCPG_METRICS_TOKEN)
    : null;
  if (metricsDigest !== administratorDigest) return { administratorDigest, metricsDigest };
  return refuseSetting("MCPG_METRICS_TOKEN", "must differ from MCPG_ADMIN_TOKEN");
});

/**
 * A token is an RFC 6750 `b64token`, or no header could carry it. Eight characters keep out an empty or
 * placeholder value; the strength of the secret is the operator's (`npm start` makes 256 bits).
 */
function parseToken(name: string, value: string | undefined): string {
  if (!value) return refuseSetting(name, "is not set");
  if (!/^[A-Za-z0-9._~+/-]{8,512}=*$/.test(value)) {
    return refuseSetting(name, "must be 8 to 512 characters that a bearer token may have");
  }
  if (value.startsWith("mcpgst_")) {
    return refuseSetting(name, "must not look like a service token");
  }
  return sha256Hex(value);
}
