/** What a request leaves as it is: stored header values, and the deployment's own destinations. */
import type { ValidationError } from "#platform/errors.ts";
import { originOf } from "./endpoint.ts";
import {
  destinationOf,
  mapOwnDestinations,
  type Observability,
  type OwnDestination,
  type OwnStreams,
  ownDestination,
  STREAMS,
  type Stream,
  type TracesDestination,
} from "./observability.ts";
import type { KeptHeader, RequestedStreams, RequestTerms } from "./streams-request.ts";

/**
 * Puts the stored values in the place of those to be kept. A value is kept only for the origin that it was
 * set for: who may change an endpoint may not thereby read a secret that someone else set.
 */
export function keepHeaders(
  own: OwnStreams,
  kept: readonly KeptHeader[],
  stored: OwnStreams,
): { own: OwnStreams; errors: ValidationError[] } {
  const errors: ValidationError[] = [];
  const whole = mapOwnDestinations(own, (to, stream) => {
    const headers = { ...to.headers };
    for (const { header, pointer } of kept.filter((one) => one.stream === stream)) {
      const was = storedHeader(ownDestination(stored, stream), header, to);
      if ("refusal" in was) errors.push({ pointer, message: was.refusal });
      else headers[header] = was.value;
    }
    return { ...to, headers };
  });
  return { own: whole, errors };
}

function storedHeader(
  was: OwnDestination | null,
  header: string,
  to: OwnDestination,
): { value: string } | { refusal: string } {
  const value = was !== null && Object.hasOwn(was.headers, header) ? was.headers[header] : null;
  if (was === null || value == null) return { refusal: "keeps a stored value, and there is none" };
  if (originOf(was.endpoint) === originOf(to.endpoint)) return { value };
  return { refusal: "is kept for the same scheme, host and port only: send the value again" };
}

/**
 * Finds the destinations that are sent back as an answer showed them: the deployment's own, header values
 * hidden. They stay the deployment's, so that an answer can be changed in one place and put back.
 */
export function leaveDefaults(
  { own, kept, errors }: RequestedStreams,
  stored: OwnStreams,
  deployment: Observability,
  pointerOf: RequestTerms["pointerOf"],
): RequestedStreams {
  const left = STREAMS.filter((stream) => {
    const to = ownDestination(own, stream);
    const isMine = ownDestination(stored, stream) !== null;
    const hidden = kept.filter((one) => one.stream === stream).map(({ header }) => header);
    return to !== null && !isMine && isSame(to, hidden, destinationOf(deployment, stream));
  });
  const entries = Object.entries(own).map(([stream, set]) => {
    const isLeft = left.includes(stream as Stream);
    return [stream, isLeft ? { ...set, to: "default" } : set];
  });
  return {
    own: Object.fromEntries(entries),
    kept: kept.filter(({ stream }) => !left.includes(stream)),
    // Where the deployment sends is not the org's to choose, nor the rules for an org's endpoint to refuse.
    errors: errors.filter(
      ({ pointer }) => !left.some((stream) => pointer === `${pointerOf(stream)}/endpoint`),
    ),
  };
}

function isSame(
  to: OwnDestination,
  hidden: readonly string[],
  shown: OwnDestination | TracesDestination | null,
): boolean {
  if (shown === null || to.endpoint !== shown.endpoint) return false;
  if (Object.keys(to.headers).length > 0 || to.sampleRate !== shown.sampleRate) return false;
  return [...hidden].sort().join() === Object.keys(shown.headers).sort().join();
}
