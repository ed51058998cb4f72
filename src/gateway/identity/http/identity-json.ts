/** An org's identity settings on the wire, and the way between it and what they mean. */
import type { IdentityBody } from "#gateway/identity/identity-schema.ts";
import type { IdentitySettings } from "#gateway/identity/identity-settings.ts";

export function settingsOfBody({ issuers, allowed_origins = [] }: IdentityBody): IdentitySettings {
  return {
    issuers: issuers.map((one) => ({
      issuer: one.issuer,
      audience: one.audience ?? null,
      actorClaim: one.actor_claim,
      actorPrefix: one.actor_prefix ?? null,
      groupsClaim: one.groups_claim ?? null,
    })),
    allowedOrigins: allowed_origins,
  };
}

/** As it may be put back: what is absent was not set. */
export function identityJson({ issuers, allowedOrigins }: IdentitySettings): IdentityBody {
  return {
    issuers: issuers.map(({ issuer, audience, actorClaim, actorPrefix, groupsClaim }) => ({
      issuer,
      ...(audience !== null && { audience }),
      actor_claim: actorClaim,
      ...(actorPrefix !== null && { actor_prefix: actorPrefix }),
      ...(groupsClaim !== null && { groups_claim: groupsClaim }),
    })),
    ...(allowedOrigins.length > 0 && { allowed_origins: [...allowedOrigins] }),
  };
}
