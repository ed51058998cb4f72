/** The groups that have most: of what activity counts by, from its rows; by who called or what failed, from samples. */

import { GROUPINGS, type Grouping } from "#calls/activity/activity-question.ts";
import { readTop, TOP_METRICS } from "#calls/activity/top-activity.ts";
import { FOLD_MS_MAX, overAfter } from "#calls/figures/read-figures.ts";
import { readTopOfSamples } from "#calls/samples/read-top-of-samples.ts";
import { SAMPLE_TOPS } from "#calls/store/samples/top-of-samples.ts";
import { integerOr, oneOf, oneOfOrFirst, required } from "#http/parameters.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { TopSchema, topJson } from "./activity-json.ts";
import { activityQuestion, answered, FILTERED, LABELS } from "./activity-routes.ts";
import { CALL_PARAMETERS } from "./call-parameters.ts";
import { rangedFilter } from "./sample-figure-routes.ts";
import { sampleTopJson } from "./sample-figures-json.ts";

const GROUPED = [...LABELS, ...SAMPLE_TOPS] as const;

export const topRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: "/v1/orgs/:org/activity/top",
      operationId: "getActivityTop",
      summary: "The groups that have most calls, most errors or the longest latency",
      description: `${FILTERED} By actor, instance and error code it is of samples, and from and to are as asked.`,
      scope: "telemetry:read",
      query: {
        ...CALL_PARAMETERS,
        by: required(oneOf("What a row is of", GROUPED)),
        metric: oneOfOrFirst("What the first rows have most of", TOP_METRICS),
        limit: integerOr("Rows at most", { min: 1, max: 50, absent: 10 }),
      },
      answers: { 200: { description: "Rows", content: { "application/json": TopSchema } } },
    },
    async (c, { query }) => {
      const { by, metric, limit } = query;
      const isOver = overAfter(FOLD_MS_MAX);
      if (isGrouping(by)) {
        const question = { ...activityQuestion(query, {}, by), by };
        const top = await readTop(c.env, c.var.org, question, { metric, limit }, isOver);
        return c.json({ ...topJson(answered(top)), by, metric });
      }
      const asked = { filter: rangedFilter(query, Date.now()), by, metric, limit };
      const top = await readTopOfSamples(c.env, c.var.org, asked, isOver);
      return c.json(sampleTopJson(top, { by, metric }));
    },
  ),
];

function isGrouping(by: (typeof GROUPED)[number]): by is Grouping {
  return Object.hasOwn(GROUPINGS, by);
}
