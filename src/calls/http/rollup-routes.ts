/** Hourly and daily figures by the time of the call (api.md, "Reading calls"). */
import { Hono } from "hono";
import type { Granularity } from "#calls/metrics-snapshot.ts";
import { GROUP_LABELS, type GroupLabel, type RollupGroupFigures } from "#calls/rollup-groups.ts";
import { findRollupPage, type RollupPosition } from "#calls/store/rollup-page.ts";
import type { WindowRange } from "#calls/store/rollup-windows.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { describeOperation, listQuery } from "#http/describe-operation.ts";
import { cursorFormat, decodeCursor, encodeCursor, parseLimit } from "#http/pagination.ts";
import { readQuery, refuseParameter } from "#http/query.ts";
import { timeParameter } from "#http/time-parameter.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { authorize } from "#orgs/http/authorize.ts";
import type { Retention } from "#orgs/retention.ts";
import { shardDatabase } from "#platform/env.ts";
import { foldForRead } from "./fold-for-read.ts";
import { parseGranularity } from "./granularity.ts";
import { RollupListSchema } from "./rollup-json.ts";

const DAY_MS = 86_400_000;
const WINDOW_MS: Record<Granularity, number> = { hour: 3_600_000, day: DAY_MS };
/** Without `from`: a day of hours, a month of days. */
const DEFAULT_RANGE_MS: Record<Granularity, number> = { hour: DAY_MS, day: 30 * DAY_MS };

/** Granularity, group_by, window, key, 1 where the window is done. */
const CURSOR = cursorFormat("rollups", ["string", "string", "number", "string", "number"]);

const PARAMETERS = {
  granularity: "hour (default) or day",
  from: "Windows that start at or after; default a day (hours) or 30 days (days) ago",
  to: "Windows that start before; default all",
  plugin: "Of this plugin",
  tool: "Of this tool",
  workspace: "Of this workspace",
  group_by: "Comma-separated labels; default workspace,plugin,tool",
} as const;
const PARAMETER_NAMES = [
  ...(Object.keys(PARAMETERS) as (keyof typeof PARAMETERS)[]),
  "limit",
  "cursor",
] as const;

export const rollups = new Hono<AppEnv>().get(
  "/",
  describeOperation({
    scope: "telemetry:read",
    summary: "Hourly and daily figures, newest window first",
    description:
      "Windows that start in [from, to); the open window is included and live. A page may be " +
      "short and still carry a cursor: follow it.",
    query: listQuery(PARAMETERS),
    answers: { 200: { description: "A page of windows × groups", schema: RollupListSchema } },
    problems: [400],
  }),
  authorize("telemetry:read"),
  async (c) => {
    const query = readQuery(c.req, PARAMETER_NAMES);
    const granularity = parseGranularity(query.granularity);
    const groupBy = parseGroupBy(query.group_by);
    const limit = parseLimit(query.limit);
    const { org, shard, retention } = c.var.org;
    const range = windowRange(granularity, query, retention, Date.now());
    const list = [granularity, groupBy.join()] as const;
    const after = parseAfter(list, query.cursor);
    await foldForRead(c);
    const { workspace, plugin, tool } = query;
    const filter = { workspace, plugin, tool };
    const rollupQuery = { org, granularity, range, filter, groupBy, after };
    const page = await findRollupPage(shardDatabase(c.env, shard), rollupQuery, limit);
    return c.json({
      rollups: page.groups.map((group) => rollupJson(group, WINDOW_MS[granularity])),
      next_cursor: page.next === null ? null : encodePosition(list, page.next),
    });
  },
);

/** A cursor is a place in one grouping: in another it would skip and repeat. */
function parseAfter(
  list: readonly [string, string],
  cursor: string | undefined,
): RollupPosition | null {
  const position = decodeCursor(CURSOR, cursor);
  if (position === null) return null;
  const [granularity, groupBy, windowNumber, key, isWindowDone] = position;
  if (granularity !== list[0] || groupBy !== list[1]) {
    return refuseParameter("cursor", "is of another granularity or group_by");
  }
  if (!Number.isSafeInteger(windowNumber))
    return refuseParameter("cursor", "is not a cursor of this list");
  return { windowNumber, key, isWindowDone: isWindowDone === 1 };
}

function encodePosition(list: readonly [string, string], position: RollupPosition): string {
  const { windowNumber, key, isWindowDone } = position;
  return encodeCursor(CURSOR, [...list, windowNumber, key, isWindowDone ? 1 : 0]);
}

function parseGroupBy(value: string | undefined): readonly GroupLabel[] {
  if (value === undefined) return GROUP_LABELS;
  const labels = value.split(",").filter((label) => label !== "");
  if (labels.every((label) => (GROUP_LABELS as readonly string[]).includes(label))) {
    return GROUP_LABELS.filter((label) => labels.includes(label));
  }
  return refuseParameter(
    "group_by",
    `must be a comma-separated list of ${GROUP_LABELS.join(", ")}`,
  );
}

function windowRange(
  granularity: Granularity,
  query: { from?: string | undefined; to?: string | undefined },
  retention: Retention,
  nowMs: number,
): WindowRange {
  const windowMs = WINDOW_MS[granularity];
  const keptDays =
    granularity === "hour" ? retention.rollupsHourlyDays : retention.rollupsDailyDays;
  const toMs = timeParameter("to", query.to) ?? nowMs + windowMs;
  const fromMs = timeParameter("from", query.from) ?? nowMs - DEFAULT_RANGE_MS[granularity];
  const areBothGiven = query.from !== undefined && query.to !== undefined;
  if (areBothGiven && fromMs > toMs) return refuseParameter("from", "must not be after to");
  const keptFromMs = nowMs - (keptDays + 1) * DAY_MS;
  return {
    from: Math.ceil(Math.max(fromMs, keptFromMs) / windowMs),
    to: Math.ceil(Math.min(toMs, nowMs + DAY_MS) / windowMs),
  };
}

function rollupJson({ windowNumber, labels, figures }: RollupGroupFigures, windowMs: number) {
  return {
    window_start: formatTimestamp(windowNumber * windowMs),
    ...labels,
    ...figures,
  };
}
