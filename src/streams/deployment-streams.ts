/**
 * The deployment's own settings of the streams: `[vars.OBSERVABILITY…]` in wrangler.toml (api.md,
 * "Streams"). There alone a header value may name a secret, as `${OTEL_TOKEN}`.
 */
import { refuseDeploymentEndpoint } from "./endpoint.ts";
import {
  DEFAULT_OBSERVABILITY,
  effectiveStreams,
  mapOwnDestinations,
  type Observability,
} from "./observability.ts";
import { fillSecrets, refuseHeaderValue } from "./stream-header.ts";
import { destinationPointer, parseStreams } from "./streams-request.ts";
import { streamsBody } from "./streams-schema.ts";

/** `refuse` never returns: it names the setting and what is wrong with it, never a value. */
export function parseDeploymentStreams(
  setting: unknown,
  secretOf: (name: string) => string,
  refuse: (problem: string) => never,
): Observability {
  if (!streamsBody.Check(setting)) {
    const [first] = streamsBody.Errors(setting);
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
