/** Tool calls: reported by gateways, and read back. */

import { FOLD_MS_MAX, overAfter } from "#calls/figures/read-figures.ts";
import { settleForRead } from "#calls/pairing/settle-calls.ts";
import { recordCalls } from "#calls/record-calls.ts";
import { ReportSchema, reportEnvelope } from "#calls/sample-schema.ts";
import { findCall, findCalls } from "#calls/store/find-calls.ts";
import { parseUuid7 } from "#formats/uuid7.ts";
import { cursor, cursorFormat, encodeCursor, limit } from "#http/pagination.ts";
import { jsonBody } from "#http/request-body.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { fail } from "#platform/errors.ts";
import { shardDatabase } from "#platform/shards.ts";
import { CallListSchema, CallSchema, callJson } from "./call-json.ts";
import { CALL_PARAMETERS, callFilter } from "./call-parameters.ts";
import { RecordedSchema, reportOf } from "./report-body.ts";

const PATH = "/v1/orgs/:org/invocations";

/** 1,000 samples of 1 KB, four times over; an isolate has 128 MB. */
const REPORT_BYTES_MAX = 4 * 1024 * 1024;

const CURSOR = cursorFormat("invocations", ["string"]);

export const callRoutes: readonly AppRoute[] = [
  route(
    {
      method: "post",
      path: PATH,
      operationId: "reportCalls",
      summary: "Report tool calls",
      description:
        "Answered once durable. Idempotent: a resent sample changes no figure. Empty `invocations` are a " +
        "heartbeat: an instance is online for 90 s after its last report, so one is due each minute.",
      scope: "telemetry:write",
      body: jsonBody(reportEnvelope, { bytesMax: REPORT_BYTES_MAX, documentedAs: ReportSchema }),
      answers: {
        200: {
          description: "accepted + duplicates + rejected is what was sent",
          content: { "application/json": RecordedSchema },
        },
      },
    },
    async (c, { body }) => c.json(await recordCalls(c.env, c.var.org, reportOf(body), Date.now())),
  ),
  route(
    {
      method: "get",
      path: PATH,
      operationId: "listCalls",
      summary: "List tool calls, newest first",
      description: "A page may be short, or empty, and still carry a cursor: follow it.",
      scope: "telemetry:read",
      query: { ...CALL_PARAMETERS, limit, cursor: cursor(CURSOR) },
      answers: {
        200: { description: "A page of calls", content: { "application/json": CallListSchema } },
      },
    },
    async (c, { query }) => {
      const { org, shard } = c.var.org;
      const [belowId] = query.cursor ?? [null];
      const db = shardDatabase(c.env, shard);
      await settleForRead(db, c.var.org, overAfter(FOLD_MS_MAX));
      const page = await findCalls(db, org, callFilter(query), query.limit, belowId);
      return c.json({
        invocations: page.calls.map(callJson),
        next_cursor: page.nextId === null ? null : encodeCursor(CURSOR, [page.nextId]),
      });
    },
  ),
  route(
    {
      method: "get",
      path: `${PATH}/:id`,
      operationId: "getCall",
      summary: "One tool call",
      scope: "telemetry:read",
      answers: { 200: { description: "The call", content: { "application/json": CallSchema } } },
    },
    async (c) => {
      const { org, shard } = c.var.org;
      const id = parseUuid7(c.req.param("id") ?? "") ?? fail({ kind: "not_found" });
      const call = await findCall(shardDatabase(c.env, shard), org, id);
      return c.json(callJson(call ?? fail({ kind: "not_found" })));
    },
  ),
];
