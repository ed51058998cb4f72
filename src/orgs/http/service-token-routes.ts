/** Service tokens: made and shown once, listed without their secret, revoked. */

import { parseTimestampMs } from "#formats/rfc3339.ts";
import { cursor, cursorFormat, limit, pageOf } from "#http/pagination.ts";
import { jsonBody } from "#http/request-body.ts";
import { createServiceToken, revokeServiceToken } from "#orgs/service-tokens.ts";
import { findServiceTokensOfOrg } from "#orgs/store/token-rows.ts";
import { tokenActor } from "#orgs/token-actor.ts";
import { fail } from "#platform/errors.ts";
import { type AppRoute, route } from "./access.ts";
import { operatorOf } from "./operator-of.ts";
import {
  createServiceTokenBody,
  NewServiceTokenSchema,
  ServiceTokensSchema,
  serviceTokenJson,
} from "./service-token-json.ts";

const PATH = "/v1/orgs/:org/service-tokens";
const LIMIT = { bytesMax: 16_384 };
const CURSOR = cursorFormat("service_tokens", ["string"]);

export const serviceTokenRoutes: readonly AppRoute[] = [
  route(
    {
      method: "post",
      path: PATH,
      operationId: "createServiceToken",
      summary: "Create a service token",
      description:
        "`token` is shown in this answer and never again. `org:admin` may give any scope of its org but " +
        "`payloads:read` and `payloads:grant`: these, and no others, are given by who holds `payloads:grant`. " +
        "`actor` is the name under which the token's acts are recorded.",
      scope: "org:admin",
      orScope: "payloads:grant",
      body: jsonBody(createServiceTokenBody, LIMIT),
      answers: {
        201: { description: "The token", content: { "application/json": NewServiceTokenSchema } },
      },
    },
    async (c, { body }) => {
      const { org, principal } = c.var;
      const wanted = {
        name: body.name,
        scopes: body.scopes,
        actor: body.actor == null ? null : tokenActor(body.actor),
        expiresAtMs: parseExpiry(body.expires_at ?? null, Date.now()),
      };
      const by = { ...operatorOf(c, org.org), principal };
      const { row, token } = await createServiceToken(c.env, org, wanted, by);
      return c.json({ ...serviceTokenJson(row), token }, 201);
    },
  ),
  route(
    {
      method: "get",
      path: PATH,
      operationId: "listServiceTokens",
      summary: "List service tokens, newest first",
      scope: "org:admin",
      query: { limit, cursor: cursor(CURSOR) },
      answers: {
        200: {
          description: "Without secrets",
          content: { "application/json": ServiceTokensSchema },
        },
      },
    },
    async (c, { query }) => {
      const [beforeId] = query.cursor ?? [null];
      const page = { beforeId, limit: query.limit + 1 };
      const rows = await findServiceTokensOfOrg(c.env.DIRECTORY, c.var.org.org, page);
      const { items, nextCursor } = pageOf(rows, query.limit, CURSOR, ({ id }) => [id]);
      return c.json({ service_tokens: items.map(serviceTokenJson), next_cursor: nextCursor });
    },
  ),
  route(
    {
      method: "delete",
      path: `${PATH}/:id`,
      operationId: "revokeServiceToken",
      summary: "Revoke a service token",
      description: "Effective within 60 s everywhere. Revoking it again changes nothing.",
      scope: "org:admin",
      answers: { 204: { description: "Revoked" } },
    },
    async (c) => {
      const { org } = c.var.org;
      await revokeServiceToken(c.env, { org, id: c.req.param("id") ?? "" }, operatorOf(c, org));
      return c.body(null, 204);
    },
  ),
];

/** An expiry in the past is refused: a token that never worked would be found out only when it is needed. */
function parseExpiry(expiresAt: string | number | null, nowMs: number): number | null {
  if (expiresAt === null) return null;
  const expiresAtMs = parseTimestampMs(expiresAt);
  if (expiresAtMs !== undefined && expiresAtMs > nowMs) return expiresAtMs;
  const message = expiresAtMs === undefined ? "must be a date-time" : "must lie in the future";
  return fail({ kind: "invalid_request", errors: [{ pointer: "/expires_at", message }] });
}
