/** Whose JWTs an org takes from MCP clients, and what those clients read of it (RFC 9728). */
import * as Type from "typebox";
import { changeIdentity } from "#gateway/identity/change-identity.ts";
import { identityOf } from "#gateway/identity/identity-of.ts";
import { IdentitySchema, identityBody } from "#gateway/identity/identity-schema.ts";
import { NO_IDENTITY } from "#gateway/identity/identity-settings.ts";
import { resourceOf } from "#gateway/identity/resource.ts";
import { findIdentity } from "#gateway/identity/store/identity-rows.ts";
import { jsonBody } from "#http/request-body.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { operatorOf } from "#orgs/http/operator-of.ts";
import { fail } from "#platform/errors.ts";
import { checkSettings } from "#platform/settings.ts";
import { endpointRules } from "#streams/endpoint-rules.ts";
import { identityJson, settingsOfBody } from "./identity-json.ts";

const PATH = "/v1/orgs/:org/identity";
const IDENTITY = { "application/json": IdentitySchema };
/** Ten issuers and twenty origins at their longest are a quarter of it. */
const LIMIT = { bytesMax: 65_536 };

const ResourceMetadataSchema = Type.Object(
  {
    resource: Type.String({ description: "The URL of the MCP endpoint, as the path spells it" }),
    authorization_servers: Type.Array(Type.String(), { description: "The org's issuers" }),
    scopes_supported: Type.Array(Type.String()),
    bearer_methods_supported: Type.Array(Type.String()),
  },
  { title: "ProtectedResourceMetadata", description: "RFC 9728" },
);

/** The isolate's 30 s and a client's are a minute. */
const PUBLIC = {
  "cache-control": "public, max-age=30",
  "access-control-allow-origin": "*",
  "x-content-type-options": "nosniff",
};
const PRIVATE = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

export const identityRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: PATH,
      operationId: "getIdentity",
      summary: "Whose JWTs MCP clients may call with",
      scope: "org:admin",
      answers: { 200: { description: "The issuers, none unless set", content: IDENTITY } },
    },
    async (c) => {
      const { settings } = await findIdentity(c.env.DIRECTORY, c.var.org.org);
      return c.json(identityJson(settings ?? NO_IDENTITY), 200, PRIVATE);
    },
  ),
  route(
    {
      method: "put",
      path: PATH,
      operationId: "changeIdentity",
      summary: "Set whose JWTs MCP clients may call with",
      description:
        "Replaces all. A JWT is taken where its issuer is exactly one of these and publishes the key that it " +
        "is signed with (RS, PS, ES or EdDSA), `aud` is the URL of the MCP endpoint that is called (or " +
        "`audience`), `exp` and `sub` are there, and, if it carries scopes at all (`scope`, `scp`), " +
        "`tools:call` is among them. A token with more than 64 groups, or with groups that are elsewhere, " +
        "is refused, since policies could be wrong about it. An org that sets an issuer is public in that: " +
        "its protected-resource metadata. In force within 30 s everywhere.",
      scope: "org:admin",
      body: jsonBody(identityBody, LIMIT),
      answers: { 200: { description: "As changed", content: IDENTITY } },
      problems: [409],
    },
    async (c, { body }) => {
      const { org } = c.var;
      const settings = settingsOfBody(body);
      const stored = await findIdentity(c.env.DIRECTORY, org.org);
      const change = { stored, settings, rules: endpointRules(c.env, [new URL(c.req.url).host]) };
      await changeIdentity(c.env, org, change, operatorOf(c, org.org));
      return c.json(identityJson(settings), 200, PRIVATE);
    },
  ),
  route(
    {
      method: "get",
      path: "/.well-known/oauth-protected-resource/v1/orgs/:org/workspaces/:ws/plugins/:plugin/mcp",
      operationId: "getResourceMetadata",
      summary: "Where an MCP client gets a token for a plugin (RFC 9728)",
      description:
        "The same for every workspace and plugin, there or not, of an org that set an issuer; 404 for all else.",
      scope: null,
      answers: {
        200: {
          description: "The metadata, for any web page to read",
          content: { "application/json": ResourceMetadataSchema },
        },
      },
      problems: [404],
    },
    async (c) => {
      checkSettings(c.env);
      const identity = await identityOf(c.env, c.req.param("org") ?? "", Date.now());
      if (identity === null) return fail({ kind: "not_found" });
      const metadata = {
        resource: resourceOf(c.env, c.req.url),
        authorization_servers: identity.issuers.map(({ issuer }) => issuer),
        scopes_supported: ["tools:call"],
        bearer_methods_supported: ["header"],
      };
      return c.json(metadata, 200, PUBLIC);
    },
  ),
];
