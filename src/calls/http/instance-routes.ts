/** The gateways that report. */
import * as Type from "typebox";
import { FOLD_MS_MAX, overAfter, readCounted } from "#calls/figures/read-figures.ts";
import { instanceState, seqGaps } from "#calls/instance-reports.ts";
import type { LagTally } from "#calls/lag/lag-tally.ts";
import { findInstances, type ListedInstance } from "#calls/store/instances.ts";
import { readRecentLag } from "#calls/store/lag/read-lag.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { cursor, cursorFormat, limit, pageOf } from "#http/pagination.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { shardDatabase } from "#platform/shards.ts";

const CURSOR = cursorFormat("instances", ["string"]);

const InstanceSchema = Type.Object(
  {
    id: Type.String(),
    first_report: Type.Union([Type.String({ format: "date-time" }), Type.Null()], {
      description: "null of one that reported before that was kept",
    }),
    last_report: Type.String({ format: "date-time" }),
    state: Type.Enum(["online", "stale", "departed"], {
      description:
        "online: reported within 90 s; stale: within 300 s; departed: not, or said goodbye",
    }),
    dropped: Type.Integer(),
    lag_p50_ms: Type.Union([Type.Number(), Type.Null()], {
      description: "Arrival minus end, of the calls of the last hour; null without any",
    }),
    lag_p95_ms: Type.Union([Type.Number(), Type.Null()]),
    missing_reports: Type.Integer(),
    gaps: Type.Array(
      Type.Object({
        epoch: Type.Union([Type.String({ format: "date-time" }), Type.Null()]),
        from_seq: Type.Integer(),
        to_seq: Type.Integer(),
      }),
    ),
  },
  { title: "Instance" },
);

const InstanceListSchema = Type.Object(
  {
    instances: Type.Array(InstanceSchema),
    next_cursor: Type.Union([Type.String(), Type.Null()]),
  },
  { title: "InstanceList" },
);

export const instanceRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: "/v1/orgs/:org/instances",
      operationId: "listInstances",
      summary: "List gateway instances",
      description:
        "`gaps` are reports that never arrived though a later one of the same epoch did.",
      scope: "telemetry:read",
      query: { limit, cursor: cursor(CURSOR) },
      answers: {
        200: {
          description: "A page of instances, by id",
          content: { "application/json": InstanceListSchema },
        },
      },
    },
    async (c, { query }) => {
      const { org } = c.var;
      const [above] = query.cursor ?? [null];
      const db = shardDatabase(c.env, org.shard);
      const nowMs = Date.now();
      const [rows, recent] = await readCounted(c.env, org, overAfter(FOLD_MS_MAX), (pending) =>
        Promise.all([
          findInstances(db, org.org, query.limit + 1, above, pending),
          readRecentLag(db, org.org, nowMs, pending),
        ]),
      );
      const { items, nextCursor } = pageOf(rows, query.limit, CURSOR, ({ instance }) => [instance]);
      return c.json({
        instances: items.map((row) => instanceJson(row, recent.get(row.instance), nowMs)),
        next_cursor: nextCursor,
      });
    },
  ),
];

function instanceJson(
  row: ListedInstance,
  lag: LagTally | undefined,
  nowMs: number,
): Type.Static<typeof InstanceSchema> {
  const gaps = seqGaps(row.reports);
  return {
    id: row.instance,
    first_report: row.firstReportMs === null ? null : formatTimestamp(row.firstReportMs),
    last_report: formatTimestamp(row.lastReportMs),
    state: instanceState(row, nowMs),
    dropped: row.dropped,
    lag_p50_ms: lag?.quantileMs(0.5) ?? null,
    lag_p95_ms: lag?.quantileMs(0.95) ?? null,
    missing_reports: gaps.reduce((sum, { first, last }) => sum + last - first + 1, 0),
    gaps: gaps.map(({ epochMs, first, last }) => ({
      epoch: epochMs === 0 ? null : formatTimestamp(epochMs),
      from_seq: first,
      to_seq: last,
    })),
  };
}
