/**
 * Whether a JWT is one that an org takes for a resource (RFC 7519, RFC 8725, RFC 9068): signed by a key that its
 * issuer publishes, for this resource, and in force. What its header says of keys (`jwk`, `jku`, `x5u`) is
 * nothing: only `kid` is looked at, and only to pick one of the issuer's.
 */
import {
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  jwtVerify,
  type ProtectedHeaderParameters,
} from "jose";
import { FailureError } from "#platform/errors.ts";
import type { TrustedIssuer } from "./identity-settings.ts";
import { type IssuerAccess, issuerKeys, renewedKeys } from "./issuer-keys.ts";

/** The longest that is looked at: tokens with many groups have 4 KiB, and browsers' headers 8. */
export const TOKEN_LENGTH_MAX = 8_192;

/** Asymmetric ones: a symmetric one would take an issuer's public key for a secret. */
const ALGORITHMS = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];
const CLOCK_SKEW_SECONDS = 60;
const KID_LENGTH_MAX = 256;
const JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
/** Absent is common. An ID token says JWT too: it is for its client, and has another audience. */
const TYPES: ReadonlySet<unknown> = new Set([undefined, "at+jwt", "application/at+jwt", "jwt"]);

export type TokenVerdict =
  | { kind: "good"; claims: JWTPayload; issuer: TrustedIssuer }
  | { kind: "refused"; description: string };

export interface TokenTerms {
  issuers: readonly TrustedIssuer[];
  resource: string;
  nowMs: number;
}

/** Fails with `issuer_unavailable` where the issuer's keys cannot be had. */
export async function verifyToken(
  token: string,
  { issuers, resource, nowMs }: TokenTerms,
  access: IssuerAccess,
): Promise<TokenVerdict> {
  const named = namedIssuer(token);
  if (named === null)
    return refused("The token is neither a service token that is valid nor a JWT");
  const issuer = issuers.find((one) => one.issuer === named);
  if (issuer === undefined) return refused("The token is of another issuer");
  const { audience } = issuer;
  try {
    const keyOf: Parameters<typeof jwtVerify>[1] = async (header, jws) => {
      const keys = await issuerKeys(issuer.issuer, access);
      return keys(header, jws).catch(async (error) => {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        const renewed = await renewedKeys(issuer.issuer, access);
        return renewed === null ? Promise.reject(error) : renewed(header, jws);
      });
    };
    const { payload } = await jwtVerify(token, keyOf, {
      algorithms: ALGORITHMS,
      issuer: issuer.issuer,
      audience: audience === null ? resource : [resource, audience],
      requiredClaims: ["exp", "sub"],
      clockTolerance: CLOCK_SKEW_SECONDS,
      currentDate: new Date(nowMs),
    });
    return { kind: "good", claims: payload, issuer };
  } catch (error) {
    if (error instanceof FailureError) throw error;
    return refused(whyRefused(error));
  }
}

function refused(description: string): TokenVerdict {
  return { kind: "refused", description };
}

/** Who issued it, as it says itself, before anything is fetched for it; null for what is never taken. */
function namedIssuer(token: string): string | null {
  if (token.length > TOKEN_LENGTH_MAX || !JWT.test(token)) return null;
  try {
    return isTakenHeader(decodeProtectedHeader(token)) ? (decodeJwt(token).iss ?? null) : null;
  } catch {
    return null;
  }
}

function isTakenHeader({ alg, typ, cty, crit, kid }: ProtectedHeaderParameters): boolean {
  const type = typeof typ === "string" ? typ.toLowerCase() : typ;
  const isKid = kid === undefined || (typeof kid === "string" && kid.length <= KID_LENGTH_MAX);
  // A nested token (`cty`) is signed by who knows whom within.
  const isPlain = cty === undefined && crit === undefined;
  return isPlain && isKid && TYPES.has(type) && ALGORITHMS.includes(alg ?? "none");
}

/** In words of our own: the library's quote nothing either, but may some day. */
function whyRefused(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "The token has expired";
  const isClaim = error instanceof errors.JWTClaimValidationFailed;
  if (isClaim && error.claim === "aud") return "The token is not for this resource";
  if (isClaim && error.claim === "nbf") return "The token is not in force yet";
  if (isClaim) return "The token lacks a claim that it needs, or has it in another form";
  return "The token is not signed by a key that its issuer publishes";
}
