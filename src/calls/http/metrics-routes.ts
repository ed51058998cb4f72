/** The Prometheus endpoint of an org: folds what arrived, then answers one snapshot whole. */
import type { Context } from "hono";
import { FAMILY_NAMES } from "#calls/figures/fleet-metrics.ts";
import type { Granularity, SnapshotWants } from "#calls/figures/metrics-snapshot.ts";
import { foldBudgetMs, overAfter, readFigures } from "#calls/figures/read-figures.ts";
import type { MetricFamily } from "#formats/exposition/metric-family.ts";
import type { ExpositionFormat } from "#formats/exposition/negotiation.ts";
import { answerExposition, askedExposition, EXPOSITION_CONTENT } from "#http/exposition-answer.ts";
import type { Parameter } from "#http/parameters.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { FailureError } from "#platform/errors.ts";
import { granularity } from "./granularity.ts";

const FAMILIES: Parameter<string[] | undefined> = {
  description: `Families wanted; default all: ${FAMILY_NAMES.join(", ")}, mcpg_audit_* and mcpg_shard_*`,
  schema: { type: "array", items: { type: "string" } },
  isRepeated: true,
  absent: undefined,
  parse: (name) => [name],
};

export const metricsRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: "/v1/orgs/:org/metrics",
      operationId: "scrapeMetrics",
      summary: "Fleet metrics for Prometheus",
      description:
        "Text 0.0.4, OpenMetrics 1.0 or Prometheus protobuf with native histograms, by Accept. " +
        "Protobuf has created timestamps; so has OpenMetrics where Accept names an escaping scheme, as " +
        "that of Prometheus 3 does: to those before, `_created` would be series of their own. " +
        "`granularity` picks the window of the latency quantiles only.",
      scope: "metrics:read",
      query: { granularity, "name[]": FAMILIES },
      isLenient: true,
      answers: {
        200: { description: "One snapshot, whole", content: EXPOSITION_CONTENT },
      },
    },
    async (c, { query }) => {
      const asked = askedExposition(c);
      const names = query["name[]"];
      const isWanted = (name: string) => names === undefined || names.includes(name);
      const wants = snapshotWants(asked.format, isWanted, query.granularity);
      const families = (await readWithinScrape(c, wants)).filter(({ name }) => isWanted(name));
      return answerExposition(c, asked, families);
    },
  ),
];

/** Part of an exposition reads as targets gone: any failure to read is a failure to answer. */
async function readWithinScrape(c: Context<AppEnv>, wants: SnapshotWants): Promise<MetricFamily[]> {
  const budgetMs = foldBudgetMs(c.req.header("x-prometheus-scrape-timeout-seconds"));
  try {
    return await readFigures(c.env, c.var.org, wants, overAfter(budgetMs));
  } catch (cause) {
    throw new FailureError({ kind: "unavailable", retryAfterSeconds: 5 }, { cause });
  }
}

function snapshotWants(
  format: ExpositionFormat,
  isWanted: (name: string) => boolean,
  window: Granularity,
): SnapshotWants {
  const histograms = isWanted("mcpg_tool_duration_seconds");
  return {
    granularity: window,
    windows: isWanted("mcpg_tool_latency_ms"),
    native: histograms && format === "protobuf",
    exemplars: histograms && format !== "text",
    instances:
      isWanted("mcpg_ingest_lag_seconds") ||
      isWanted("mcpg_instance_last_report_timestamp_seconds") ||
      isWanted("mcpg_instance_dropped_samples_total"),
  };
}
