/** Tool calls: reported by gateways, and read back (api.md, "Ingest" and "Reading calls"). */
import { Hono } from "hono";
import { RecordedSchema, recordReport } from "#calls/record-report.ts";
import { ReportSchema } from "#calls/sample-schema.ts";
import { findCall, findCalls } from "#calls/store/find-calls.ts";
import { CallTraceSchema } from "#drilldown/http/trace-json.ts";
import { callTrace } from "#drilldown/view-trace.ts";
import { parseUuid7 } from "#formats/uuid7.ts";
import { describeOperation, listQuery } from "#http/describe-operation.ts";
import { cursorFormat, decodeCursor, encodeCursor, parseLimit } from "#http/pagination.ts";
import { readQuery } from "#http/query.ts";
import { parseJson, readBody } from "#http/read-body.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { authorize } from "#orgs/http/authorize.ts";
import { holdsScope } from "#orgs/principal.ts";
import { shardDatabase } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { CallListSchema, CallSchema, callJson } from "./call-json.ts";
import { CALL_PARAMETER_NAMES, CALL_PARAMETERS, callFilter } from "./call-parameters.ts";

/** 1,000 samples of 1 KB, four times over; an isolate has 128 MB. */
const REPORT_BYTES_MAX = 4 * 1024 * 1024;

const CURSOR = cursorFormat("invocations", ["string"]);

export const invocations = new Hono<AppEnv>()
  .post(
    "/",
    describeOperation({
      summary: "Report tool calls",
      scope: "telemetry:write",
      description: "Answered once durable. Idempotent: a resent sample changes no figure.",
      body: ReportSchema,
      answers: {
        200: {
          description: "accepted + duplicates + rejected is what was sent",
          schema: RecordedSchema,
        },
      },
    }),
    authorize("telemetry:write"),
    async (c) => {
      const body = parseJson(await readBody(c.req.raw, { bytesMax: REPORT_BYTES_MAX }));
      return c.json(await recordReport(c.env, c.var.org, body, Date.now()));
    },
  )
  .get(
    "/",
    describeOperation({
      summary: "List tool calls, newest first",
      scope: "telemetry:read",
      description: "A page may be short, or empty, and still carry a cursor: follow it.",
      query: listQuery(CALL_PARAMETERS),
      answers: { 200: { description: "A page of calls", schema: CallListSchema } },
      problems: [400],
    }),
    authorize("telemetry:read"),
    async (c) => {
      const query = readQuery(c.req, [...CALL_PARAMETER_NAMES, "limit", "cursor"]);
      const limit = parseLimit(query.limit);
      const [belowId] = decodeCursor(CURSOR, query.cursor) ?? [null];
      const db = shardDatabase(c.env, c.var.org.shard);
      const page = await findCalls(db, c.var.org.org, callFilter(query), limit, belowId);
      return c.json({
        invocations: page.calls.map(callJson),
        next_cursor: page.nextId === null ? null : encodeCursor(CURSOR, [page.nextId]),
      });
    },
  )
  .get(
    "/:id",
    describeOperation({
      summary: "One tool call",
      scope: "telemetry:read",
      answers: { 200: { description: "The call", schema: CallSchema } },
    }),
    authorize("telemetry:read"),
    async (c) => {
      const id = parseUuid7(c.req.param("id")) ?? fail({ kind: "not_found" });
      const db = shardDatabase(c.env, c.var.org.shard);
      const invocation = await findCall(db, c.var.org.org, id);
      return c.json(callJson(invocation ?? fail({ kind: "not_found" })));
    },
  )
  .get(
    "/:id/trace",
    describeOperation({
      summary: "One tool call's trace",
      description:
        "Who called, what was decided and what was called, with the spans that timed it, the ledger's " +
        "entries about it, and the spans of its trace that ended within an hour of it. Without `audit:read`, " +
        "an entry's event has its action, outcome, target and times only: no actor, no details.",
      scope: "telemetry:read",
      answers: { 200: { description: "The trace", schema: CallTraceSchema } },
    }),
    authorize("telemetry:read"),
    async (c) => {
      const id = parseUuid7(c.req.param("id")) ?? fail({ kind: "not_found" });
      const db = shardDatabase(c.env, c.var.org.shard);
      const invocation = await findCall(db, c.var.org.org, id);
      return callTrace(c.env, c.var.org, invocation ?? fail({ kind: "not_found" }), {
        readsAudit: holdsScope(c.var.principal, "audit:read"),
      });
    },
  );
