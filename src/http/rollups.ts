/** Hourly and daily figures by the time of the call (api.md, "Reading calls"). */
import { Hono } from "hono";
import type { Granularity } from "../domain/metrics-snapshot.ts";
import type { Retention } from "../domain/retention.ts";
import {
  GROUP_LABELS,
  type GroupLabel,
  type RollupGroup,
  rollupFigures,
} from "../domain/rollup-groups.ts";
import { shardDatabase } from "../env.ts";
import { fail } from "../errors.ts";
import { formatTimestamp } from "../spec/rfc3339.ts";
import { findRollupGroups } from "../store/rollup-page.ts";
import type { WindowRange } from "../store/rollup-windows.ts";
import type { AppEnv } from "./app-env.ts";
import { authorize } from "./authorize.ts";
import { describeOperation, listQuery } from "./describe-operation.ts";
import { foldForRead } from "./fold-for-read.ts";
import { parseGranularity } from "./granularity.ts";
import { cursorFormat, decodeCursor, pageOf, parseLimit } from "./pagination.ts";
import { readQuery } from "./query.ts";
import { RollupListSchema } from "./rollup-schemas.ts";
import { timeParameter } from "./time-parameter.ts";

const DAY_MS = 86_400_000;
const WINDOW_MS: Record<Granularity, number> = { hour: 3_600_000, day: DAY_MS };
/** Without `from`: a day of hours, a month of days. */
const DEFAULT_RANGE_MS: Record<Granularity, number> = { hour: DAY_MS, day: 30 * DAY_MS };

const CURSOR = cursorFormat("rollups", ["string", "string", "number", "string"]);

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
    description: "Windows that start in [from, to); the open window is included and live.",
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
    const groups = await findRollupGroups(shardDatabase(c.env, shard), rollupQuery, limit);
    const { items, nextCursor } = pageOf(groups, limit, CURSOR, ({ windowNumber, key }) => [
      ...list,
      windowNumber,
      key,
    ]);
    return c.json({
      rollups: items.map((group) => rollupJson(group, WINDOW_MS[granularity])),
      next_cursor: nextCursor,
    });
  },
);

/** A cursor is a place in one grouping: in another it would skip and repeat. */
function parseAfter(list: readonly [string, string], cursor: string | undefined) {
  const position = decodeCursor(CURSOR, cursor);
  if (position === null) return null;
  const [granularity, groupBy, windowNumber, key] = position;
  if (granularity === list[0] && groupBy === list[1]) return { windowNumber, key };
  return refuse("cursor", "is of another granularity or group_by");
}

function parseGroupBy(value: string | undefined): readonly GroupLabel[] {
  if (value === undefined) return GROUP_LABELS;
  const labels = value.split(",").filter((label) => label !== "");
  if (labels.every((label) => (GROUP_LABELS as readonly string[]).includes(label))) {
    return GROUP_LABELS.filter((label) => labels.includes(label));
  }
  return refuse("group_by", `must be a comma-separated list of ${GROUP_LABELS.join(", ")}`);
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
  if (fromMs > toMs) return refuse("from", "must not be after to");
  const keptFromMs = nowMs - (keptDays + 1) * DAY_MS;
  return {
    from: Math.ceil(Math.max(fromMs, keptFromMs) / windowMs),
    to: Math.ceil(Math.min(toMs, nowMs + DAY_MS) / windowMs),
  };
}

function rollupJson({ windowNumber, labels, rows }: RollupGroup, windowMs: number) {
  return {
    window_start: formatTimestamp(windowNumber * windowMs),
    ...labels,
    ...rollupFigures(rows),
  };
}

function refuse(name: string, message: string): never {
  return fail({ kind: "invalid_request", errors: [{ pointer: `/${name}`, message }] });
}
