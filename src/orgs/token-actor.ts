/**
 * The name under which a token's acts are recorded: `kind:name`. It may claim to be a service, a user or an agent,
 * but never one of us, and not what a token without an actor is recorded as (`service:<its id>`).
 */
import { fail } from "#platform/errors.ts";
import { UNPRINTABLE } from "#platform/text-patterns.ts";

const KIND_AND_NAME = new RegExp(`^[a-z][a-z0-9_-]{0,31}:[^${UNPRINTABLE}]+$`, "u");
/** Whatever the letters' case: who reads a record does not look so closely. */
const TOKEN_ITSELF = /^service:[0-9a-z]{16}$/i;

/** In NFC, as it is recorded. Fails with `invalid_request`. */
export function tokenActor(actor: string): string {
  const composed = actor.normalize("NFC");
  const message = actorFault(composed);
  return message === null
    ? composed
    : fail({ kind: "invalid_request", errors: [{ pointer: "/actor", message }] });
}

function actorFault(actor: string): string | null {
  if (/^(operator|ledger):/.test(actor)) {
    return "operator:… and ledger:… are reserved for this service's own acts: use another kind, as in service:gateway-1";
  }
  if (TOKEN_ITSELF.test(actor)) {
    return "service:<16 letters and digits> is reserved for the token of that id: leave actor out to have this token's acts recorded under its own, or use another name, as in service:gateway-1";
  }
  if (KIND_AND_NAME.test(actor)) return null;
  return "must be <kind>:<name>, as in service:gateway-1 or user:alice@acme: the kind begins with a letter and has up to 32 of a-z, 0-9, _ and -, the name has no control characters";
}
