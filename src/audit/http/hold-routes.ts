/** Legal holds: while one is in force, nothing of the log is pruned. */
import { type Context, Hono } from "hono";
import * as Type from "typebox";
import { Compile } from "typebox/compile";
import type { LegalHold } from "#audit/audit-log.ts";
import { eventOf } from "#audit/outbox.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { describeOperation } from "#http/describe-operation.ts";
import { parseJsonBody } from "#http/read-body.ts";
import { validate } from "#http/validate.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { administratorOnly, authorize } from "#orgs/http/authorize.ts";
import { actionOf } from "#orgs/http/operator-action.ts";
import type { OperatorAction } from "#orgs/store/operator-actions.ts";
import { fail } from "#platform/errors.ts";
import { currentLog, ledgerOf, receiptsOf, writeToLog } from "./asked-log.ts";

const PlaceHoldSchema = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 1_024, pattern: "^[^\\p{Cc}\\p{Cs}]+$" }) },
  { additionalProperties: false },
);
const placeHoldBody = Compile(PlaceHoldSchema);

const NullableText = Type.Unsafe<string | null>({ type: ["string", "null"] });
const HoldSchema = Type.Object({
  id: Type.String(),
  reason: Type.String(),
  placed_by: Type.String(),
  placed_at: Type.String(),
  released_by: NullableText,
  released_at: NullableText,
});

const BODY = { bytesMax: 16_384 };

export const auditHolds = new Hono<AppEnv>()
  .post(
    "/",
    describeOperation({
      summary: "Place a legal hold",
      scope: "org:admin",
      body: PlaceHoldSchema,
      answers: { 201: { description: "The hold", schema: HoldSchema } },
    }),
    authorize("org:admin", { alsoClosed: true }),
    async (c) => {
      const { reason } = validate(placeHoldBody, await parseJsonBody(c.req.raw, BODY));
      const action = holdAction(c, "operator.hold.placed", null, { reason });
      const hold = {
        id: action.id,
        reason,
        placedBy: action.actor,
        placedAtMs: action.occurredAtMs,
        releasedBy: null,
        releasedAtMs: null,
      };
      const event = { ...eventOf(action), target: `hold://${hold.id}` };
      const result = await writeToLog(c, (ledger, log) => ledger.placeHold(log, event, hold));
      receiptsOf(result, () => "/reason");
      return c.json(holdJson(hold), 201);
    },
  )
  .get(
    "/",
    describeOperation({
      summary: "List legal holds, newest first, released ones too",
      scope: "audit:read",
      answers: {
        200: { description: "The holds", schema: Type.Object({ holds: Type.Array(HoldSchema) }) },
      },
    }),
    authorize("audit:read", { alsoClosed: true }),
    async (c) => {
      const holds = await ledgerOf(c, currentLog(c.var.org), (ledger) => ledger.holds());
      return c.json({ holds: holds.map(holdJson) });
    },
  )
  .delete(
    "/:id",
    describeOperation({
      summary: "Release a legal hold",
      description: "Lets retention destroy what was held, so it is the administrator's to do.",
      scope: "administrator",
      answers: { 204: { description: "Released" } },
    }),
    authorize("org:admin", { alsoClosed: true }),
    administratorOnly(),
    async (c) => {
      const id = c.req.param("id");
      const event = eventOf(holdAction(c, "operator.hold.released", `hold://${id}`, {}));
      const result = await writeToLog(c, (ledger, log) => ledger.releaseHold(log, event, id));
      receiptsOf(result ?? fail({ kind: "not_found" }), () => "/id");
      return c.body(null, 204);
    },
  );

/** Written to the ledger by the ledger, with the hold itself: not by way of the outbox. */
function holdAction(
  c: Context<AppEnv>,
  action: OperatorAction["action"],
  target: string | null,
  details: OperatorAction["details"],
): OperatorAction {
  return actionOf(c, { org: c.var.org.org, action, target, details });
}

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
