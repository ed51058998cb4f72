/** Figures that are counted of samples: who and what has most, which errors there are, what is different. */

import { rangeEndMs } from "#calls/activity/activity-range.ts";
import type { CallFilter } from "#calls/call-filter.ts";
import { FOLD_MS_MAX, overAfter } from "#calls/figures/read-figures.ts";
import { compareCalls } from "#calls/samples/compare-calls.ts";
import type { RangedFilter } from "#calls/samples/counted-samples.ts";
import { readErrorGroups } from "#calls/samples/read-error-groups.ts";
import { SCAN_ROWS_MAX } from "#calls/store/find-calls.ts";
import { integerOr, refuseParameter } from "#http/parameters.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { HOUR_MS } from "#platform/time.ts";
import { CALL_PARAMETERS, type CallQuery, callFilter } from "./call-parameters.ts";
import {
  CallComparisonSchema,
  callComparisonJson,
  ErrorGroupsSchema,
  errorGroupsJson,
} from "./sample-figures-json.ts";
import { SELECTION_PARAMETERS, selectionFilter } from "./selection-parameters.ts";

const ACTIVITY = "/v1/orgs/:org/activity";
const RANGE_DEFAULT_MS = HOUR_MS;
const GROUPS_MAX = 50;

const COUNTED =
  "Takes the filters of the list of calls, and counts what it lists; replays only if `outcome` names them. " +
  `Looks at the newest ${SCAN_ROWS_MAX.toLocaleString("en")} samples of the time: if that is not all, it is \`partial\`, and ` +
  "counts the calls that began from `scanned_to` on. Without `from` it is the last hour.";

const groupLimit = integerOr("Groups at most", {
  min: 1,
  max: GROUPS_MAX,
  absent: 10,
  what: `an integer from 1 to ${GROUPS_MAX}`,
});

export function rangedFilter(query: CallQuery, nowMs: number): RangedFilter {
  const filter: CallFilter = callFilter(query);
  const toMs = rangeEndMs(filter, nowMs);
  const fromMs = filter.fromMs ?? Math.max(0, toMs - RANGE_DEFAULT_MS);
  if (fromMs >= toMs) refuseParameter("from", "must be before to, and within a year from now");
  return { ...filter, fromMs, toMs };
}

export const sampleFigureRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: `${ACTIVITY}/compare`,
      operationId: "compareCalls",
      summary: "What differs between some calls and the others",
      description:
        `${COUNTED} Of these, the selection is what meets all \`sel_…\`, the baseline what does not; a value's ` +
        "difference is its share of the one minus its share of the other.",
      scope: "telemetry:read",
      query: { ...CALL_PARAMETERS, ...SELECTION_PARAMETERS },
      answers: {
        200: {
          description: "Fields and values, the greatest difference first",
          content: { "application/json": CallComparisonSchema },
        },
      },
    },
    async (c, { query }) => {
      const selected = selectionFilter(query);
      const compared = { filter: rangedFilter(query, Date.now()), selected };
      const isOver = overAfter(FOLD_MS_MAX);
      return c.json(callComparisonJson(await compareCalls(c.env, c.var.org, compared, isOver)));
    },
  ),
  route(
    {
      method: "get",
      path: "/v1/orgs/:org/errors",
      operationId: "listErrorGroups",
      summary: "Errors by kind: alike messages are one group, the most frequent first",
      description: `${COUNTED} Those that came without a message are grouped by their code. Of a group's codes and tools the most frequent are told.`,
      scope: "telemetry:read",
      query: { ...CALL_PARAMETERS, limit: groupLimit },
      answers: {
        200: { description: "Groups", content: { "application/json": ErrorGroupsSchema } },
      },
    },
    async (c, { query }) => {
      const filter = rangedFilter(query, Date.now());
      const isOver = overAfter(FOLD_MS_MAX);
      const groups = await readErrorGroups(c.env, c.var.org, filter, query.limit, isOver);
      return c.json(errorGroupsJson(groups));
    },
  ),
];
