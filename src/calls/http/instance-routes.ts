/** The gateways that report (api.md, "Reading calls"). */
import { Hono } from "hono";
import * as Type from "typebox";
import { type InstanceReports, instanceState, seqGaps } from "#calls/instance-reports.ts";
import { findInstances } from "#calls/store/instances.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { describeOperation, listQuery } from "#http/describe-operation.ts";
import { cursorFormat, decodeCursor, pageOf, parseLimit } from "#http/pagination.ts";
import { readQuery } from "#http/query.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { authorize } from "#orgs/http/authorize.ts";
import { shardDatabase } from "#platform/env.ts";
import { foldForRead } from "./fold-for-read.ts";

const CURSOR = cursorFormat("instances", ["string"]);

const InstanceSchema = Type.Object({
  id: Type.String(),
  last_report: Type.String(),
  state: Type.Enum(["online", "stale", "departed"]),
  dropped: Type.Integer(),
  missing_reports: Type.Integer(),
  gaps: Type.Array(
    Type.Object({
      epoch: Type.Union([Type.String(), Type.Null()]),
      from_seq: Type.Integer(),
      to_seq: Type.Integer(),
    }),
  ),
});

const InstanceListSchema = Type.Object({
  instances: Type.Array(InstanceSchema),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
});

export const instances = new Hono<AppEnv>().get(
  "/",
  describeOperation({
    summary: "List gateway instances",
    scope: "telemetry:read",
    description: "`gaps` are reports that never arrived though a later one of the same epoch did.",
    query: listQuery(),
    answers: { 200: { description: "A page of instances, by id", schema: InstanceListSchema } },
    problems: [400],
  }),
  authorize("telemetry:read"),
  async (c) => {
    const query = readQuery(c.req, ["limit", "cursor"]);
    const limit = parseLimit(query.limit);
    const [above] = decodeCursor(CURSOR, query.cursor) ?? [null];
    await foldForRead(c);
    const db = shardDatabase(c.env, c.var.org.shard);
    const rows = await findInstances(db, c.var.org.org, limit + 1, above);
    const { items, nextCursor } = pageOf(rows, limit, CURSOR, ({ instance }) => [instance]);
    const nowMs = Date.now();
    return c.json({
      instances: items.map((row) => instanceJson(row, nowMs)),
      next_cursor: nextCursor,
    });
  },
);

type ListedInstance = Awaited<ReturnType<typeof findInstances>>[number];

function instanceJson(row: ListedInstance, nowMs: number): Type.Static<typeof InstanceSchema> {
  const reports = JSON.parse(row.reports) as InstanceReports;
  const gaps = seqGaps(reports);
  return {
    id: row.instance,
    last_report: formatTimestamp(row.lastReportMs),
    state: instanceState(row.lastReportMs, nowMs),
    dropped: row.dropped,
    missing_reports: gaps.reduce((sum, { first, last }) => sum + last - first + 1, 0),
    gaps: gaps.map(({ epochMs, first, last }) => ({
      epoch: epochMs === 0 ? null : formatTimestamp(epochMs),
      from_seq: first,
      to_seq: last,
    })),
  };
}
