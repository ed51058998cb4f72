/** Tool calls: reported by gateways, and read back. */

import { asksForCounted } from "#calls/counted-as.ts";
import { FOLD_MS_MAX, overAfter, readCounted } from "#calls/figures/read-figures.ts";
import { settleForRead } from "#calls/pairing/settle-calls.ts";
import { recordCalls } from "#calls/record-calls.ts";
import { ReportSchema, reportEnvelope } from "#calls/sample-schema.ts";
import { markAll } from "#calls/store/counted-marks.ts";
import { CALL_ORDERS, findCall, findCalls } from "#calls/store/find-calls.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { parseUuid7 } from "#formats/uuid7.ts";
import { cursor, cursorFormat, encodeCursor, limit } from "#http/pagination.ts";
import { oneOfOrFirst, refuseParameter } from "#http/parameters.ts";
import { jsonBody } from "#http/request-body.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { shardDatabase } from "#platform/shards.ts";
import { CallListSchema, CallSchema, callJson } from "./call-json.ts";
import { CALL_PARAMETERS, callFilter } from "./call-parameters.ts";
import { RecordedSchema, recordedJson, reportOf } from "./report-body.ts";

const PATH = "/v1/orgs/:org/invocations";

/** Counts what was acknowledged, and tells its samples: so there are as many as the counter says. */
async function markCounted(env: Env, org: Org, isOver: () => boolean): Promise<void> {
  const db = shardDatabase(env, org.shard);
  // What is pending is counted under its own names.
  await readCounted(env, org, isOver, () => markAll(db, org.org, isOver));
}

/** 1,000 samples of 1 KB, four times over; an isolate has 128 MB. */
const REPORT_BYTES_MAX = 4 * 1024 * 1024;

/** What a cursor holds: the order, and the id of the last call that was looked at. */
const CURSOR = cursorFormat("invocations", ["string", "string"]);

export const callRoutes: readonly AppRoute[] = [
  route(
    {
      method: "post",
      path: PATH,
      operationId: "reportCalls",
      summary: "Report tool calls",
      description:
        "Answered once durable. Idempotent: a resent sample changes no figure. Empty `invocations` are a " +
        "heartbeat: an instance is online for 90 s after its last report, so one is due each minute. " +
        "With `final` it has departed at once. " +
        "`Content-Encoding` gzip and zstd are accepted, here as on every route; 4 MiB after decompression.",
      scope: "telemetry:write",
      body: jsonBody(reportEnvelope, { bytesMax: REPORT_BYTES_MAX, documentedAs: ReportSchema }),
      answers: {
        200: {
          description: "accepted + duplicates + rejected is what was sent",
          content: { "application/json": RecordedSchema },
        },
      },
    },
    async (c, { body }) =>
      c.json(recordedJson(await recordCalls(c.env, c.var.org, reportOf(body), Date.now()))),
  ),
  route(
    {
      method: "get",
      path: PATH,
      operationId: "listCalls",
      summary: "List tool calls, newest first",
      description:
        "A page may be short, or empty, and still carry a cursor: follow it. An empty actor, trace_id, " +
        "request_id, session_id or error_… asks for calls without one. `__other__` and tool `__unknown__` ask for " +
        "calls that are counted so, whatever their own names are.",
      scope: "telemetry:read",
      query: {
        ...CALL_PARAMETERS,
        order: oneOfOrFirst("Newest first, or oldest", CALL_ORDERS),
        limit,
        cursor: cursor(CURSOR),
      },
      answers: {
        200: { description: "A page of calls", content: { "application/json": CallListSchema } },
      },
    },
    async (c, { query }) => {
      const { org, shard } = c.var.org;
      const { order, limit: pageLimit } = query;
      const [cursorOrder, afterId] = query.cursor ?? [order, null];
      if (cursorOrder !== order) refuseParameter("cursor", "is of another order");
      const db = shardDatabase(c.env, shard);
      await settleForRead(c.env, c.var.org, overAfter(FOLD_MS_MAX));
      const filter = callFilter(query);
      if (asksForCounted(filter)) await markCounted(c.env, c.var.org, overAfter(FOLD_MS_MAX));
      const pageQuery = { filter, order, limit: pageLimit, afterId };
      const { calls, nextId, scannedToMs } = await findCalls(db, org, pageQuery);
      return c.json({
        invocations: calls.map(callJson),
        next_cursor: nextId === null ? null : encodeCursor(CURSOR, [order, nextId]),
        scanned_to: scannedToMs === null ? null : formatTimestamp(scannedToMs),
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
