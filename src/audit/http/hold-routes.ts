/** Legal holds: while one is in force, nothing of the log is pruned. */
import * as Type from "typebox";
import { HOLDS_IN_FORCE_MAX, type LegalHold } from "#audit/audit-log.ts";
import { currentLog } from "#audit/current-log.ts";
import { callLedger } from "#audit/ledger-stub.ts";
import { placeHold, releaseHold } from "#audit/legal-holds.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { jsonBody } from "#http/request-body.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { operatorOf } from "#orgs/http/operator-of.ts";
import { REASON_BODY_MAX, reasonBody } from "./reason-body.ts";

const PATH = "/v1/orgs/:org/audit/holds";

const NullableText = Type.Unsafe<string | null>({ type: ["string", "null"] });
const HoldSchema = Type.Object(
  {
    id: Type.String(),
    reason: Type.String(),
    placed_by: Type.String(),
    placed_at: Type.String(),
    released_by: NullableText,
    released_at: NullableText,
  },
  { title: "LegalHold" },
);
const HoldsSchema = Type.Object({ holds: Type.Array(HoldSchema) }, { title: "LegalHolds" });

export const holdRoutes: readonly AppRoute[] = [
  route(
    {
      method: "post",
      path: PATH,
      operationId: "placeHold",
      summary: "Place a legal hold",
      description: `409 \`too_many_holds\` where ${HOLDS_IN_FORCE_MAX} are in force: one holds all of the log.`,
      scope: "org:admin",
      alsoClosed: true,
      body: jsonBody(reasonBody, REASON_BODY_MAX),
      answers: { 201: { description: "The hold", content: { "application/json": HoldSchema } } },
    },
    async (c, { body }) => {
      const { org } = c.var;
      const hold = await placeHold(c.env, org, body.reason, operatorOf(c, org.org));
      return c.json(holdJson(hold), 201);
    },
  ),
  route(
    {
      method: "get",
      path: PATH,
      operationId: "listHolds",
      summary: "List legal holds, newest first, released ones too",
      scope: "audit:read",
      alsoClosed: true,
      answers: { 200: { description: "The holds", content: { "application/json": HoldsSchema } } },
    },
    async (c) => {
      const holds = await callLedger(c.env, currentLog(c.var.org), (ledger) => ledger.holds());
      return c.json({ holds: holds.map(holdJson) });
    },
  ),
  route(
    {
      method: "delete",
      path: `${PATH}/:id`,
      operationId: "releaseHold",
      summary: "Release a legal hold",
      description: "Lets retention destroy what was held, so it is the administrator's to do.",
      scope: "administrator",
      alsoClosed: true,
      answers: { 204: { description: "Released" } },
    },
    async (c) => {
      const { org } = c.var;
      await releaseHold(c.env, org, c.req.param("id") ?? "", operatorOf(c, org.org));
      return c.body(null, 204);
    },
  ),
];

function holdJson(hold: LegalHold): Type.Static<typeof HoldSchema> {
  return {
    id: hold.id,
    reason: hold.reason,
    placed_by: hold.placedBy,
    placed_at: formatTimestamp(hold.placedAtMs),
    released_by: hold.releasedBy,
    released_at: hold.releasedAtMs === null ? null : formatTimestamp(hold.releasedAtMs),
  };
}
