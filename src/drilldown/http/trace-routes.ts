/** One call's trace. */
import { findCall } from "#calls/store/find-calls.ts";
import { viewTrace } from "#drilldown/view-trace.ts";
import { parseUuid7 } from "#formats/uuid7.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { holdsScope } from "#orgs/principal.ts";
import { fail } from "#platform/errors.ts";
import { shardDatabase } from "#platform/shards.ts";
import { CallTraceSchema, traceJson } from "./trace-json.ts";

export const traceRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: "/v1/orgs/:org/invocations/:id/trace",
      operationId: "getCallTrace",
      summary: "One tool call's trace",
      description:
        "Who called, what was decided and what was called, with the spans that timed it, the ledger's " +
        "entries about it, and the spans of its trace that ended within an hour of it. Without `audit:read`, " +
        "an entry's event has its action, outcome, target and times only: no actor, no details.",
      scope: "telemetry:read",
      answers: {
        200: { description: "The trace", content: { "application/json": CallTraceSchema } },
      },
    },
    async (c) => {
      const { org, principal } = c.var;
      const id = parseUuid7(c.req.param("id") ?? "") ?? fail({ kind: "not_found" });
      const call = await findCall(shardDatabase(c.env, org.shard), org.org, id);
      const trace = await viewTrace(c.env, org, call ?? fail({ kind: "not_found" }));
      // Entries' events are put in as the texts that were hashed.
      const text = traceJson(trace, { readsAudit: holdsScope(principal, "audit:read") });
      return c.body(text, 200, { "content-type": "application/json" });
    },
  ),
];
