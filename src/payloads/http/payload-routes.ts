/** What calls were called with and answered: viewed, with a reason, and erased. */
import { FOLD_MS_MAX, overAfter } from "#calls/figures/read-figures.ts";
import { parseUuid7 } from "#formats/uuid7.ts";
import { type Parameter, Refusal, required } from "#http/parameters.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { operatorOf } from "#orgs/http/operator-of.ts";
import { type AskedErasure, eraseOnRequest } from "#payloads/erase-payloads.ts";
import { limitViews } from "#payloads/view-limit.ts";
import { viewPayload } from "#payloads/view-payload.ts";
import { fail } from "#platform/errors.ts";
import { PRINTABLE_TEXT } from "#platform/text-patterns.ts";
import { ErasedSchema, erasedJson, PayloadSchema, payloadJson } from "./payload-json.ts";

const PATH = "/v1/orgs/:org/invocations/:id/payload";

const PRINTABLE = new RegExp(PRINTABLE_TEXT, "u");
const said = (description: string, lengthMax: number): Parameter<string | undefined> => ({
  description,
  schema: { type: "string", minLength: 1, maxLength: lengthMax, pattern: PRINTABLE_TEXT },
  absent: undefined,
  parse: (given) => {
    const isGood = given.length > 0 && given.length <= lengthMax && PRINTABLE.test(given);
    return isGood ? given : new Refusal(`must have 1 to ${lengthMax} printable characters`);
  },
});
const reason = required(said("Why: it stands in the ledger's entry", 1_024));
const actor = required(said("Whose", 256));

const ERASED = { description: "What is erased", content: { "application/json": ErasedSchema } };
const ERASURE =
  "On record in the org's ledger, which stays valid. Copies of the database from before are told of in the answer.";

export const payloadRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: PATH,
      operationId: "viewPayload",
      summary: "What a tool was called with, and what it answered",
      description:
        "An entry `operator.payload.viewed` is in the org's ledger before anything is decrypted: where it cannot be " +
        "written there is no view. Never the administrator's. One that was altered, or moved, is 500 " +
        "`payload_refused`; one whose key is destroyed is 410 `payload_destroyed`.",
      scope: "payloads:read",
      alsoWrites: true,
      query: { reason },
      answers: {
        200: { description: "In the clear", content: { "application/json": PayloadSchema } },
      },
      problems: [410, 500, 503],
    },
    async (c, { query }) => {
      const id = callId(c.req.param("id"));
      const { org, principal } = c.var;
      limitViews(principal.kind === "service-token" ? principal.id : principal.kind, Date.now());
      const asked = { id, reason: query.reason };
      const payload = await viewPayload(c.env, org, asked, operatorOf(c, org.org));
      const headers = { "content-type": "application/json", "cache-control": "no-store" };
      return c.body(payloadJson(payload), 200, headers);
    },
  ),
  route(
    {
      method: "delete",
      path: PATH,
      operationId: "erasePayload",
      summary: "Erase a call's payload",
      description: ERASURE,
      scope: "org:admin",
      query: { reason },
      answers: { 200: ERASED },
    },
    async (c, { query }) => {
      const of = { invocation: callId(c.req.param("id")) };
      return c.json(await erased(c, { of, reason: query.reason }));
    },
  ),
  route(
    {
      method: "delete",
      path: "/v1/orgs/:org/payloads",
      operationId: "eraseActorPayloads",
      summary: "Erase the payloads of an actor's calls",
      description:
        "Of all calls that are there, and, 75 minutes later, of those that were under way, or waited for a server's " +
        `span. ${ERASURE}`,
      scope: "org:admin",
      query: { actor, reason },
      answers: { 200: ERASED },
    },
    async (c, { query }) => {
      const of = { actor: query.actor };
      return c.json(await erased(c, { of, reason: query.reason }));
    },
  ),
];

async function erased(c: Parameters<AppRoute["handle"]>[0], asked: AskedErasure) {
  const { org } = c.var;
  const by = operatorOf(c, org.org);
  const progress = await eraseOnRequest(c.env, org, asked, by, overAfter(FOLD_MS_MAX));
  return erasedJson(progress, org.org, Date.now());
}

function callId(text: string | undefined): string {
  return parseUuid7(text ?? "") ?? fail({ kind: "not_found" });
}
