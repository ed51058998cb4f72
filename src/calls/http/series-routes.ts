/** How much of its caps an org's series take, as the gauges `mcpg_series` and `mcpg_series_limit` have it. */
import * as Type from "typebox";
import { FOLD_MS_MAX, overAfter, readCounted } from "#calls/figures/read-figures.ts";
import { SERIES_IDLE_MS_MAX } from "#calls/series.ts";
import { findSeriesUse } from "#calls/store/fold/fold-series.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { shardDatabase } from "#platform/shards.ts";

const SeriesUseSchema = Type.Object(
  {
    series: Type.Integer({ description: "That count towards the limit" }),
    series_limit: Type.Integer({ description: "Above it new series are counted as `__other__`" }),
    label_bytes: Type.Integer({ description: "Of the names of these series" }),
    label_bytes_limit: Type.Integer(),
  },
  { title: "SeriesUse" },
);

export const seriesRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: "/v1/orgs/:org/series",
      operationId: "getSeriesUse",
      summary: "How much of the series caps is used",
      description: "Of series seen within 30 days.",
      scope: "telemetry:read",
      answers: {
        200: { description: "The use", content: { "application/json": SeriesUseSchema } },
      },
    },
    async (c) => {
      const { org, shard, limits } = c.var.org;
      const idleBeforeMs = Date.now() - SERIES_IDLE_MS_MAX;
      const db = shardDatabase(c.env, shard);
      // What is pending has no name that is new.
      const use = await readCounted(c.env, c.var.org, overAfter(FOLD_MS_MAX), () =>
        findSeriesUse(db, org, idleBeforeMs),
      );
      return c.json({
        series: use.series,
        series_limit: limits.seriesMax,
        label_bytes: use.labelBytes,
        label_bytes_limit: limits.seriesLabelBytesMax,
      });
    },
  ),
];
