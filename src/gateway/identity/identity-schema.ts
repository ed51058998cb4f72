/** The one description of an org's identity settings: it validates them, and is the OpenAPI schema. */
import * as Type from "typebox";
import { Compile } from "typebox/schema";
import { PRINTABLE_TEXT } from "#platform/text-patterns.ts";
import {
  ALLOWED_ORIGINS_MAX,
  ISSUER_LENGTH_MAX,
  ISSUERS_MAX,
  PREFIX_LENGTH_MAX,
} from "./identity-settings.ts";

const CLOSED = { additionalProperties: false };
const CLAIM = { minLength: 1, maxLength: 128, pattern: "^[!-~]+$" };

const TrustedIssuerSchema = Type.Object(
  {
    issuer: Type.String({
      minLength: 1,
      maxLength: ISSUER_LENGTH_MAX,
      description:
        "Exactly as `iss` has it: a public https URL, where its metadata are found " +
        "(/.well-known/openid-configuration, or /.well-known/oauth-authorization-server).",
    }),
    audience: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        pattern: PRINTABLE_TEXT,
        description:
          "Taken as `aud` beside the URL of the MCP endpoint: for authorization servers that cannot " +
          "put that there (RFC 8707). Every plugin of the org is then one audience.",
      }),
    ),
    actor_claim: Type.String({
      ...CLAIM,
      description:
        "The claim that names the actor: `sub`, or `email`, which counts only where `email_verified` " +
        "is true. Take none that people can change themselves.",
    }),
    actor_prefix: Type.Optional(
      Type.String({
        minLength: 2,
        maxLength: PREFIX_LENGTH_MAX,
        description:
          "As in `user:`: the actor is the prefix and the claim. Without it the actor is " +
          "`user:<issuer>#<claim>`, so that no two issuers' people are one.",
      }),
    ),
    groups_claim: Type.Optional(
      Type.String({
        ...CLAIM,
        description: "A claim with a text or a list of them, at most 64: the actor's groups.",
      }),
    ),
  },
  { ...CLOSED, title: "TrustedIssuer" },
);

export const IdentitySchema = Type.Object(
  {
    issuers: Type.Array(TrustedIssuerSchema, { maxItems: ISSUERS_MAX }),
    allowed_origins: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
        maxItems: ALLOWED_ORIGINS_MAX,
        description:
          "Origins of web pages, beside the deployment's own, that may call its plugins. A request " +
          "with another `Origin` is refused (403 `origin_not_allowed`), one without is no page's.",
      }),
    ),
  },
  { ...CLOSED, title: "Identity" },
);

export type IdentityBody = Type.Static<typeof IdentitySchema>;
export const identityBody = Compile(IdentitySchema);
