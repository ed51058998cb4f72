/** A good JWT's claims as its caller. What cannot be told for certain is refused, for policies go by it. Pure. */
import type { JWTPayload } from "jose";
import { UNPRINTABLE } from "#platform/text-patterns.ts";
import type { Caller } from "./caller.ts";
import type { TrustedIssuer } from "./identity-settings.ts";

const TEXT_LENGTH_MAX = 256;
/** A group that was left out could be one that a policy forbids, so a token with more is refused. */
const GROUPS_MAX = 64;
const TAGS_MAX = 32;
const TAG_NAME = /^[!-~]{1,64}$/;

/** Claims that say something of the token, and nothing of who has it. */
const NO_TAGS: ReadonlySet<string> = new Set([
  ...[
    "iss",
    "aud",
    "jti",
    "nonce",
    "scope",
    "scp",
    "at_hash",
    "c_hash",
    "typ",
    "sid",
    "email_verified",
  ],
]);

/** Besides control characters, what is not seen, or has the text around it read otherwise. */
const NAME = new RegExp(`^[^${UNPRINTABLE}\\p{Cf}\\p{Zl}\\p{Zp}]+$`, "u");
const KIND = /^(operator|ledger):/;
/** What a token of ours is recorded as (orgs/token-actor.ts), in any case. */
const TOKEN_ITSELF = /^service:[0-9a-z]{16}$/i;

/** The caller, or why there is none. */
export function callerOfClaims(claims: JWTPayload, trusted: TrustedIssuer): Caller | string {
  const { issuer, groupsClaim } = trusted;
  const { sub } = claims;
  if (nameOf(sub) === null) return "The token has no usable sub";
  const actor = actorOfClaims(claims, trusted);
  if (actor === null) {
    return "The claim that names the actor is missing, not verified, or no usable name";
  }
  const groups = groupsClaim === null ? [] : groupsOf(claims, groupsClaim);
  if (groups === null) return `The groups are no list of at most ${GROUPS_MAX} names`;
  return {
    actor,
    groups,
    tokenId: null,
    clientId: clientIdOf(claims),
    issuer,
    tags: tagsOf(claims),
    principalKey: `jwt:${issuer}#${sub}`,
    principal: null,
  };
}

/**
 * `tools:call` is asked for where the token has scopes at all: its issuer then knows of scopes, and this is not
 * among them. One without any is its issuer's word that its subject may come, and policy decides.
 */
export function lacksScope({ scope, scp }: JWTPayload, wanted: string): boolean {
  const claims = [scope, scp].filter((claim) => claim !== undefined);
  return claims.length > 0 && !claims.flatMap(scopesOf).includes(wanted);
}

function scopesOf(claim: unknown): unknown[] {
  if (typeof claim === "string") return claim.split(" ");
  return Array.isArray(claim) ? claim : [];
}

function actorOfClaims(
  claims: JWTPayload,
  { issuer, actorClaim, actorPrefix }: TrustedIssuer,
): string | null {
  const value = Object.hasOwn(claims, actorClaim) ? claims[actorClaim] : undefined;
  if (nameOf(value) === null) return null;
  if (actorClaim === "email" && claims["email_verified"] !== true) return null;
  const actor = nameOf(`${actorPrefix ?? `user:${issuer}#`}${value}`);
  return actor === null || KIND.test(actor) || TOKEN_ITSELF.test(actor) ? null : actor;
}

/** Null where they cannot be told: more than the token names, or something else than texts. */
function groupsOf(claims: JWTPayload, groupsClaim: string): string[] | null {
  if (!Object.hasOwn(claims, groupsClaim)) {
    // OpenID Connect Core §5.6.2: the groups are elsewhere, for a token cannot hold as many.
    const elsewhere: unknown = claims["_claim_names"];
    return Object.hasOwn(Object(elsewhere), groupsClaim) ? null : [];
  }
  const value = claims[groupsClaim];
  const groups = (Array.isArray(value) ? value : [value]).map(nameOf);
  if (groups.length > GROUPS_MAX) return null;
  const names = groups.filter((group) => group !== null);
  return names.length === groups.length ? [...new Set(names)] : null;
}

/** RFC 9068 §2.2 has `client_id`, OpenID Connect `azp`. */
function clientIdOf({ client_id: clientId, azp }: JWTPayload): string | null {
  return nameOf(clientId ?? azp);
}

function tagsOf(claims: JWTPayload): Record<string, string> {
  const isVerified = claims["email_verified"] === true;
  const tags: [string, string][] = [];
  for (const [claim, value] of Object.entries(claims)) {
    const tag = nameOf(value);
    const isTag = TAG_NAME.test(claim) && !NO_TAGS.has(claim) && (claim !== "email" || isVerified);
    if (isTag && tag !== null) tags.push([claim, tag]);
  }
  return Object.fromEntries(tags.slice(0, TAGS_MAX));
}

/** In NFC, as everything that is recorded or decided upon; null for what is no name. */
function nameOf(value: unknown): string | null {
  if (typeof value !== "string" || value.trim() !== value || !NAME.test(value)) return null;
  const composed = value.normalize("NFC");
  return composed.length <= TEXT_LENGTH_MAX ? composed : null;
}
