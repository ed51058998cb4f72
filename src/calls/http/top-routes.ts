/** Who has most: tools, plugins and workspaces by what was folded, all else by samples. */

import * as Type from "typebox";
import { readTop, TOP_METRICS } from "#calls/activity/top-activity.ts";
import { FOLD_MS_MAX, overAfter } from "#calls/figures/read-figures.ts";
import { readTopOfSamples } from "#calls/samples/read-top-of-samples.ts";
import { SAMPLE_TOPS, type SampleTop } from "#calls/store/samples/top-of-samples.ts";
import { oneOf, oneOfOrFirst, required } from "#http/parameters.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { TopSchema, topJson } from "./activity-json.ts";
import { answered, FILTERED, LABELS, questionOf } from "./activity-routes.ts";
import { CALL_PARAMETERS } from "./call-parameters.ts";
import { groupLimit, rangedFilter } from "./sample-figure-routes.ts";
import { SampleTopSchema, sampleTopJson } from "./sample-figures-json.ts";

function isOfSamples(by: string): by is SampleTop {
  return (SAMPLE_TOPS as readonly string[]).includes(by);
}

export const topRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: "/v1/orgs/:org/activity/top",
      operationId: "getActivityTop",
      summary: "The groups that have most calls, most errors or the longest latency",
      description: `${FILTERED} So they are by actor, instance and error code.`,
      scope: "telemetry:read",
      query: {
        ...CALL_PARAMETERS,
        by: required(oneOf("What a row is of", [...LABELS, ...SAMPLE_TOPS])),
        metric: oneOfOrFirst("What the greatest have most of", TOP_METRICS),
        limit: groupLimit,
      },
      answers: {
        200: {
          description: "Rows",
          content: { "application/json": Type.Union([TopSchema, SampleTopSchema]) },
        },
      },
    },
    async (c, { query }) => {
      const { by, metric, limit } = query;
      const isOver = overAfter(FOLD_MS_MAX);
      if (isOfSamples(by)) {
        const topQuery = { filter: rangedFilter(query, Date.now()), by, metric, limit };
        const top = await readTopOfSamples(c.env, c.var.org, topQuery, isOver);
        return c.json(sampleTopJson(top, { by, metric }));
      }
      const question = { ...questionOf(query, {}, by), by };
      const top = await readTop(c.env, c.var.org, question, { metric, limit }, isOver);
      return c.json({ ...topJson(answered(top)), by, metric });
    },
  ),
];
