/** Hourly and daily figures by the time of the call. */

import type { Granularity } from "#calls/figures/metrics-snapshot.ts";
import { FOLD_MS_MAX, overAfter } from "#calls/figures/read-figures.ts";
import { readRollups } from "#calls/figures/read-rollups.ts";
import {
  GROUP_LABELS,
  type GroupLabel,
  type RollupGroupFigures,
} from "#calls/figures/rollup-groups.ts";
import type { RollupPosition } from "#calls/store/rollup-page.ts";
import type { WindowRange } from "#calls/store/rollup-windows.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { cursor, cursorFormat, encodeCursor, limit } from "#http/pagination.ts";
import { type Parameter, Refusal, refuseParameter, text, time } from "#http/parameters.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import type { Retention } from "#orgs/retention.ts";
import { DAY_MS, HOUR_MS } from "#platform/time.ts";
import { granularity } from "./granularity.ts";
import { RollupListSchema } from "./rollup-json.ts";

const WINDOW_MS: Record<Granularity, number> = { hour: HOUR_MS, day: DAY_MS };
/** The range that is read without `from`: a day of hours, a month of days. */
const DEFAULT_RANGE_MS: Record<Granularity, number> = { hour: DAY_MS, day: 30 * DAY_MS };

/** What a cursor holds: granularity, group_by, window, key, and 1 where the window is done. */
const CURSOR = cursorFormat("rollups", ["string", "string", "number", "string", "number"]);
type CursorPosition = NonNullable<ReturnType<typeof cursor<(typeof CURSOR)["shape"]>>["absent"]>;

/**
 * The labels that were asked for, each once, in the order of GROUP_LABELS whatever the order they were
 * asked in.
 */
const groupBy: Parameter<readonly GroupLabel[]> = {
  description: "Comma-separated labels; default all",
  schema: { type: "array", items: { type: "string", enum: GROUP_LABELS } },
  absent: GROUP_LABELS,
  parse: (given) => {
    const labels = given.split(",").filter((label) => label !== "");
    if (labels.every((label) => (GROUP_LABELS as readonly string[]).includes(label))) {
      return GROUP_LABELS.filter((label) => labels.includes(label));
    }
    return new Refusal(`must be a comma-separated list of ${GROUP_LABELS.join(", ")}`);
  },
};

export const rollupRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: "/v1/orgs/:org/rollups",
      operationId: "listRollups",
      summary: "Hourly and daily figures, newest window first",
      description:
        "Windows that start in [from, to); the open window is included and live. A page may be " +
        "short and still carry a cursor: follow it.",
      scope: "telemetry:read",
      query: {
        granularity,
        from: time("Windows that start at or after; default a day (hours) or 30 days (days) ago"),
        to: time("Windows that start before; default all"),
        plugin: text("Of this plugin"),
        tool: text("Of this tool"),
        workspace: text("Of this workspace"),
        group_by: groupBy,
        limit,
        cursor: cursor(CURSOR),
      },
      answers: {
        200: {
          description: "A page of windows × groups",
          content: { "application/json": RollupListSchema },
        },
      },
    },
    async (c, { query }) => {
      const { org } = c.var;
      const list = [query.granularity, query.group_by.join()] as const;
      const { workspace, plugin, tool } = query;
      const rollupQuery = {
        granularity: query.granularity,
        range: windowRange(query, org.retention, Date.now()),
        filter: { workspace, plugin, tool },
        groupBy: query.group_by,
        after: positionAfter(list, query.cursor),
      };
      const isOver = overAfter(FOLD_MS_MAX);
      const page = await readRollups(c.env, org, rollupQuery, query.limit, isOver);
      const windowMs = WINDOW_MS[query.granularity];
      return c.json({
        rollups: page.groups.map((group) => rollupJson(group, windowMs)),
        next_cursor: page.next === null ? null : encodePosition(list, page.next),
      });
    },
  ),
];

/** A cursor is a place in one grouping: in another it would skip and repeat. */
function positionAfter(
  list: readonly [string, string],
  position: CursorPosition | null,
): RollupPosition | null {
  if (position === null) return null;
  const [window, labels, windowNumber, key, isWindowDone] = position;
  if (window !== list[0] || labels !== list[1]) {
    return refuseParameter("cursor", "is of another granularity or group_by");
  }
  if (Number.isSafeInteger(windowNumber)) {
    return { windowNumber, key, isWindowDone: isWindowDone === 1 };
  }
  return refuseParameter("cursor", "is not a cursor of this list");
}

function encodePosition(list: readonly [string, string], position: RollupPosition): string {
  const { windowNumber, key, isWindowDone } = position;
  return encodeCursor(CURSOR, [...list, windowNumber, key, isWindowDone ? 1 : 0]);
}

interface AskedRange {
  granularity: Granularity;
  from: number | undefined;
  to: number | undefined;
}

function windowRange(asked: AskedRange, retention: Retention, nowMs: number): WindowRange {
  const windowMs = WINDOW_MS[asked.granularity];
  const keptDays =
    asked.granularity === "hour" ? retention.rollupsHourlyDays : retention.rollupsDailyDays;
  const toMs = asked.to ?? nowMs + windowMs;
  const fromMs = asked.from ?? nowMs - DEFAULT_RANGE_MS[asked.granularity];
  const areBothGiven = asked.from !== undefined && asked.to !== undefined;
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
