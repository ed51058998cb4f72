/** Service tokens: made and shown once, listed without their secret, revoked. */
import { Hono } from "hono";
import { parseTimestampMs } from "#formats/rfc3339.ts";
import { describeOperation, listQuery } from "#http/describe-operation.ts";
import { cursorFormat, decodeCursor, pageOf, parseLimit } from "#http/pagination.ts";
import { readQuery } from "#http/query.ts";
import { parseJsonBody } from "#http/read-body.ts";
import { validate } from "#http/validate.ts";
import { forgetServiceToken } from "#orgs/directory.ts";
import { actorOf } from "#orgs/principal.ts";
import {
  formatServiceToken,
  isTokenId,
  normaliseScopes,
  type ServiceToken,
  sha256Hex,
  TOKEN_RANDOM_BYTES,
} from "#orgs/service-token.ts";
import {
  findServiceToken,
  findServiceTokensOfOrg,
  insertServiceToken,
  revokeServiceToken,
} from "#orgs/store/service-tokens.ts";
import { fail } from "#platform/errors.ts";
import type { AppEnv } from "./app-env.ts";
import { authorize } from "./authorize.ts";
import { actionOf } from "./operator-action.ts";
import {
  CreateServiceTokenSchema,
  createServiceTokenBody,
  NewServiceTokenSchema,
  ServiceTokensSchema,
  serviceTokenBody,
} from "./service-token-json.ts";

const BODY = { bytesMax: 16_384 };
const CURSOR = cursorFormat("service_tokens", ["string"]);

export const serviceTokens = new Hono<AppEnv>()
  .post(
    "/",
    describeOperation({
      summary: "Create a service token",
      description:
        "`token` is shown in this answer and never again. An org's admin may grant any scope of " +
        "its org. `actor` is the name under which the token's acts are recorded.",
      scope: "org:admin",
      body: CreateServiceTokenSchema,
      answers: { 201: { description: "The token", schema: NewServiceTokenSchema } },
    }),
    authorize("org:admin"),
    async (c) => {
      const body = validate(createServiceTokenBody, await parseJsonBody(c.req.raw, BODY));
      const nowMs = Date.now();
      const random = crypto.getRandomValues(new Uint8Array(TOKEN_RANDOM_BYTES));
      const { id, token } = formatServiceToken(nowMs, random);
      const row: ServiceToken = {
        id,
        org: c.var.org.org,
        name: body.name,
        scopes: normaliseScopes(body.scopes),
        actor: body.actor ?? null,
        digest: sha256Hex(token),
        createdAtMs: nowMs,
        createdBy: actorOf(c.var.principal),
        expiresAtMs: parseExpiry(body.expires_at ?? null, nowMs),
        revokedAtMs: null,
      };
      const action = actionOf(c, {
        org: row.org,
        action: "operator.token.created",
        target: `token://${id}`,
        details: { name: row.name, scopes: row.scopes.join(" "), actor: row.actor },
      });
      const inserted = await insertServiceToken(c.env.DIRECTORY, c.var.org, row, action);
      if (!inserted) fail({ kind: "not_found" });
      c.header("cache-control", "no-store");
      return c.json({ ...serviceTokenBody(row), token }, 201);
    },
  )
  .get(
    "/",
    describeOperation({
      summary: "List service tokens, newest first",
      scope: "org:admin",
      query: listQuery(),
      answers: { 200: { description: "Without secrets", schema: ServiceTokensSchema } },
      problems: [400],
    }),
    authorize("org:admin"),
    async (c) => {
      const query = readQuery(c.req, ["limit", "cursor"]);
      const limit = parseLimit(query.limit);
      const [beforeId] = decodeCursor(CURSOR, query.cursor) ?? [null];
      const page = { beforeId, limit: limit + 1 };
      const rows = await findServiceTokensOfOrg(c.env.DIRECTORY, c.var.org.org, page);
      const { items, nextCursor } = pageOf(rows, limit, CURSOR, ({ id }) => [id]);
      return c.json({ service_tokens: items.map(serviceTokenBody), next_cursor: nextCursor });
    },
  )
  .delete(
    "/:id",
    describeOperation({
      summary: "Revoke a service token",
      description: "Effective within 60 s everywhere. Revoking it again changes nothing.",
      scope: "org:admin",
      answers: { 204: { description: "Revoked" } },
    }),
    authorize("org:admin"),
    async (c) => {
      const token = { org: c.var.org.org, id: c.req.param("id") };
      if (!isTokenId(token.id)) fail({ kind: "not_found" });
      const action = actionOf(c, {
        org: token.org,
        action: "operator.token.revoked",
        target: `token://${token.id}`,
        details: {},
      });
      const revoked = await revokeServiceToken(c.env.DIRECTORY, token, action);
      forgetServiceToken(token.id);
      const known = revoked || (await findServiceToken(c.env.DIRECTORY, token.id));
      if (!known || (known !== true && known.org !== token.org)) fail({ kind: "not_found" });
      return c.body(null, 204);
    },
  );

/** A token that never worked would be found out only when it is needed. */
function parseExpiry(expiresAt: string | number | null, nowMs: number): number | null {
  if (expiresAt === null) return null;
  const expiresAtMs = parseTimestampMs(expiresAt);
  if (expiresAtMs !== undefined && expiresAtMs > nowMs) return expiresAtMs;
  const message = expiresAtMs === undefined ? "must be a date-time" : "must lie in the future";
  return fail({ kind: "invalid_request", errors: [{ pointer: "/expires_at", message }] });
}
