/** Whose JWTs an org takes, and what of their claims it goes by. Pure: nobody is asked whether an issuer is there. */
import type { ValidationError } from "#platform/errors.ts";
import { UNPRINTABLE } from "#platform/text-patterns.ts";
import { type EndpointRules, refuseEndpoint } from "#streams/endpoint.ts";

export interface TrustedIssuer {
  /** Exactly as the tokens' `iss` has it. */
  issuer: string;
  /** Taken as `aud` beside the resource's own URL, for authorization servers that know no RFC 8707. */
  audience: string | null;
  actorClaim: string;
  /** Null: the actor carries the issuer. */
  actorPrefix: string | null;
  groupsClaim: string | null;
}

export interface IdentitySettings {
  issuers: readonly TrustedIssuer[];
  /** Web origins whose scripts may call, beside the deployment's own. */
  allowedOrigins: readonly string[];
}

export const NO_IDENTITY: IdentitySettings = { issuers: [], allowedOrigins: [] };

export const ISSUERS_MAX = 10;
export const ALLOWED_ORIGINS_MAX = 20;
/** An actor without a prefix carries its issuer, and has 256 characters in all. */
export const ISSUER_LENGTH_MAX = 200;
export const PREFIX_LENGTH_MAX = 128;

/** The same for every token, or for none twice: no name of anybody. */
const NOBODYS_CLAIMS: ReadonlySet<string> = new Set([
  "iss",
  "aud",
  "exp",
  "nbf",
  "iat",
  "jti",
  "scope",
  "scp",
]);

const PREFIX = new RegExp(`^[a-z][a-z0-9_-]{0,31}:[^${UNPRINTABLE}]*$`, "u");

/** What is wrong with the settings beyond their form. */
export function identityFaults(
  { issuers, allowedOrigins }: IdentitySettings,
  rules: EndpointRules,
): ValidationError[] {
  const faults = issuers.flatMap((issuer, index) => issuerFaults(issuer, index, issuers, rules));
  for (const [index, origin] of allowedOrigins.entries()) {
    const isTwice = allowedOrigins.indexOf(origin) < index;
    const message = isTwice ? "is given twice" : refuseOrigin(origin);
    if (message !== null) faults.push({ pointer: `/allowed_origins/${index}`, message });
  }
  if (issuers.length === 0 && allowedOrigins.length > 0) {
    // Who answers an origin otherwise than others do tells a stranger that the org is there.
    const message = "needs an issuer: an org without one is not public, not even to a web page";
    faults.push({ pointer: "/allowed_origins", message });
  }
  return faults;
}

function issuerFaults(
  { issuer, actorClaim, actorPrefix }: TrustedIssuer,
  index: number,
  all: readonly TrustedIssuer[],
  rules: EndpointRules,
): ValidationError[] {
  const isTwice = all.findIndex((other) => other.issuer === issuer) < index;
  const faults: [member: string, message: string | null][] = [
    ["issuer", isTwice ? "is given twice" : refuseEndpoint(issuer, rules)],
    ["actor_claim", NOBODYS_CLAIMS.has(actorClaim) ? "names nobody: use sub, or email" : null],
    ["actor_prefix", actorPrefix === null ? null : refusePrefix(actorPrefix)],
  ];
  return faults.flatMap(([member, message]) =>
    message === null ? [] : [{ pointer: `/issuers/${index}/${member}`, message }],
  );
}

function refusePrefix(prefix: string): string | null {
  if (/^(operator|ledger):/.test(prefix)) {
    return "operator:… and ledger:… are reserved for this service's own acts: use user:, as in user:alice@acme";
  }
  if (PREFIX.test(prefix)) return null;
  return "must begin with a kind and a colon, as in user: or user:acme/, and have no control characters";
}

function refuseOrigin(origin: string): string | null {
  const message = "must be an origin as browsers send it, https://app.example.com";
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/?#\s\\@]+$/.test(origin) || !URL.canParse(origin)) return message;
  if (origin.startsWith("http:"))
    return "must not be http: whoever is on the way could write its scripts";
  // Only the web's own schemes have an origin that URL knows.
  return !origin.startsWith("https:") || new URL(origin).origin === origin ? null : message;
}
