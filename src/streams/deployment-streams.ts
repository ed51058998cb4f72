/**
 * The deployment's own settings of the streams: `[vars.OBSERVABILITY…]` in wrangler.toml. There alone a
 * header value may name a secret, as `${OTEL_TOKEN}`.
 */
import { readBinding, refuseSetting, setting } from "#platform/settings.ts";
import { refuseDeploymentEndpoint } from "./endpoint.ts";
import {
  DEFAULT_OBSERVABILITY,
  effectiveStreams,
  mapOwnDestinations,
  type Observability,
} from "./observability.ts";
import { fillSecrets, parseSecretNames, refuseHeaderValue } from "./stream-header.ts";
import { destinationPointer, parseStreams } from "./streams-request.ts";
import { streamsBody } from "./streams-schema.ts";

/** The deployment's streams, for what is no org's and for orgs that set nothing. */
export const deploymentStreams = setting((env): Observability => {
  const readable = parseSecretNames(env.MCPG_HEADER_SECRETS ?? "OTEL_TOKEN");
  if (readable === null) {
    const problem = "must name secrets, and none whose name begins with MCPG_";
    return refuseSetting("MCPG_HEADER_SECRETS", problem);
  }
  const secretOf = (name: string) => {
    if (!readable.includes(name)) return refuse("names a secret that MCPG_HEADER_SECRETS does not");
    const value = readBinding(env, name);
    if (typeof value === "string" && value !== "") return value;
    return refuseSetting(name, "is not set, and a header in OBSERVABILITY needs it");
  };
  return parseDeploymentStreams(parseIfText(env.OBSERVABILITY ?? {}), secretOf);
});

/** True on a developer's machine: an org's stream may go to a collector on it. */
export const allowsLoopback = setting(({ MCPG_ALLOW_LOOPBACK = "" }): boolean => {
  if (["", "true", "false"].includes(MCPG_ALLOW_LOOPBACK)) return MCPG_ALLOW_LOOPBACK === "true";
  return refuseSetting("MCPG_ALLOW_LOOPBACK", "must be true or false");
});

/** Names the setting and what is wrong with it, never a value. */
function refuse(problem: string): never {
  return refuseSetting("OBSERVABILITY", problem);
}

function parseIfText(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return value === "" ? {} : JSON.parse(value);
  } catch {
    return refuse("is not JSON");
  }
}

function parseDeploymentStreams(
  setting: unknown,
  secretOf: (name: string) => string,
): Observability {
  if (!streamsBody.Check(setting)) {
    const [, [first]] = streamsBody.Errors(setting);
    return refuse(`is not valid at ${first?.instancePath || "/"}: ${first?.message}`);
  }
  const { own, kept, errors } = parseStreams(setting, {
    refuseEndpoint: refuseDeploymentEndpoint,
    pointerOf: destinationPointer,
  });
  const [error] = [...errors, ...kept.map(({ pointer }) => ({ pointer, message: "has no value" }))];
  if (error !== undefined) return refuse(`is not valid at ${error.pointer}: it ${error.message}`);
  const filled = mapOwnDestinations(own, (to) => {
    const headers = fillSecrets(to.headers, secretOf);
    const problem = Object.values(headers)
      .map(refuseHeaderValue)
      .find((one) => one !== null);
    if (problem !== undefined) refuse(`has a header value that, secrets filled in, ${problem}`);
    return { ...to, headers };
  });
  return effectiveStreams(filled, DEFAULT_OBSERVABILITY);
}
