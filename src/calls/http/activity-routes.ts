/** What tools did by the minute: how often, with which end, and how long it took. */

import { countsReplays } from "#calls/activity/activity-filter.ts";
import {
  type ActivityQuestion,
  GROUPINGS,
  type Grouping,
} from "#calls/activity/activity-question.ts";
import { type RangeFault, STEPS_MAX } from "#calls/activity/activity-range.ts";
import { HeatMap } from "#calls/activity/activity-sinks.ts";
import { readActivity } from "#calls/activity/read-activity.ts";
import { readSeries } from "#calls/activity/series-activity.ts";
import { FOLD_MS_MAX, overAfter } from "#calls/figures/read-figures.ts";
import { integer, integerOr, oneOfOrFirst, refuseParameter } from "#http/parameters.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { SECOND_MS } from "#platform/time.ts";
import { ActivitySchema, activityJson, HeatMapSchema, heatMapJson } from "./activity-json.ts";
import { CALL_PARAMETERS, callFilter } from "./call-parameters.ts";

const PATH = "/v1/orgs/:org/activity";
export const LABELS = Object.keys(GROUPINGS) as [Grouping, ...Grouping[]];

export const FILTERED =
  "Takes the filters of the list of calls, and counts what it lists; replays only if `outcome` names them. " +
  "Names are those that calls are counted under. By `instance`, `actor`, ids, errors, or durations that cut " +
  "a bucket, the newest 50,000 samples of the time are looked at. Without `from` it is the last hour.";

const step = integer("The length of a step in seconds, rounded up to whole minutes", {
  min: 1,
  max: 366 * 86_400,
});
const columns = integerOr("Columns at most", { min: 1, max: STEPS_MAX, absent: 60 });

type FilterQuery = Parameters<typeof callFilter>[0];

export function activityQuestion(
  query: FilterQuery,
  steps: { stepMs?: number | undefined; columns?: number },
  by: Grouping | null,
): ActivityQuestion {
  const { fromMs, toMs, ...filter } = callFilter(query);
  return { asked: { fromMs, toMs, ...steps }, filter, by };
}

export function answered<Answer extends object>(answer: Answer | RangeFault): Answer {
  if (!("kind" in answer)) return answer;
  if (answer.kind === "empty_range")
    return refuseParameter("from", "must be before to, and within a year from now");
  const leastSeconds = answer.stepMs / SECOND_MS;
  const message = `must be at least ${leastSeconds} here: an answer has at most ${STEPS_MAX} steps`;
  return refuseParameter("step", message);
}

export const activityRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: PATH,
      operationId: "getActivity",
      summary: "Calls by step, of each outcome or of the greatest groups, and their latency",
      description: `${FILTERED} Times before the last 48 h, and groups over more than 6 h, have steps of a quarter of an hour.`,
      scope: "telemetry:read",
      query: {
        ...CALL_PARAMETERS,
        step,
        group_by: oneOfOrFirst("What a series is of", ["outcome", ...LABELS]),
      },
      answers: {
        200: { description: "By step", content: { "application/json": ActivitySchema } },
      },
    },
    async (c, { query }) => {
      const stepMs = query.step === undefined ? undefined : query.step * SECOND_MS;
      const by = query.group_by === "outcome" ? null : query.group_by;
      const question = activityQuestion(query, { stepMs }, by);
      const isOver = overAfter(FOLD_MS_MAX);
      return c.json(activityJson(answered(await readSeries(c.env, c.var.org, question, isOver))));
    },
  ),
  route(
    {
      method: "get",
      path: `${PATH}/heatmap`,
      operationId: "getActivityHeatMap",
      summary: "Calls by step and duration",
      description: FILTERED,
      scope: "telemetry:read",
      query: { ...CALL_PARAMETERS, columns },
      answers: {
        200: { description: "Cells", content: { "application/json": HeatMapSchema } },
      },
    },
    async (c, { query }) => {
      const question = activityQuestion(query, { columns: query.columns }, null);
      const withReplays = countsReplays(question.filter);
      const isOver = overAfter(FOLD_MS_MAX);
      const answer = await readActivity(
        c.env,
        c.var.org,
        question,
        (range) => new HeatMap(range, withReplays),
        isOver,
      );
      return c.json(heatMapJson(answered(answer)));
    },
  ),
];
