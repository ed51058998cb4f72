/** The Prometheus endpoint of an org: folds what arrived, then answers one snapshot whole. */
import type { Context } from "hono";
import * as Type from "typebox";
import { FAMILY_NAMES } from "#calls/figures/fleet-metrics.ts";
import type { Granularity, SnapshotWants } from "#calls/figures/metrics-snapshot.ts";
import { foldBudgetMs, overAfter, readFigures } from "#calls/figures/read-figures.ts";
import type { MetricFamily } from "#formats/exposition/metric-family.ts";
import { acceptsGzip, type ExpositionFormat, negotiate } from "#formats/exposition/negotiation.ts";
import { encodeOpenMetrics } from "#formats/exposition/open-metrics.ts";
import { encodeProtobuf } from "#formats/exposition/protobuf.ts";
import { encodeText } from "#formats/exposition/text.ts";
import { byteStream, gzipStream } from "#http/byte-stream.ts";
import type { Parameter } from "#http/parameters.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { FailureError } from "#platform/errors.ts";
import { granularity } from "./granularity.ts";

const ENCODERS: Record<
  ExpositionFormat,
  (families: Iterable<MetricFamily>) => Iterable<Uint8Array>
> = { text: encodeText, openmetrics: encodeOpenMetrics, protobuf: encodeProtobuf };

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
        "`granularity` picks the window of the latency quantiles only.",
      scope: "metrics:read",
      query: { granularity, "name[]": FAMILIES },
      isLenient: true,
      answers: {
        200: {
          description: "One snapshot, whole",
          content: {
            "text/plain": Type.String(),
            "application/openmetrics-text": Type.String(),
            "application/vnd.google.protobuf": { type: "string", format: "binary" },
          },
        },
      },
    },
    async (c, { query }) => {
      const { format, contentType } = negotiate(c.req.header("accept") ?? null);
      const names = query["name[]"];
      const isWanted = (name: string) => names === undefined || names.includes(name);
      const wants = snapshotWants(format, isWanted, query.granularity);
      const families = (await readWithinScrape(c, wants)).filter(({ name }) => isWanted(name));
      const headers: Record<string, string> = {
        "content-type": contentType,
        "cache-control": "no-store",
        vary: "Accept, Accept-Encoding",
      };
      const exposition = ENCODERS[format](families);
      if (!acceptsGzip(clientAcceptEncoding(c))) {
        return new Response(byteStream(exposition), { headers });
      }
      headers["content-encoding"] = "gzip";
      return new Response(gzipStream(exposition), { headers, encodeBody: "manual" });
    },
  ),
];

/** Cloudflare rewrites Accept-Encoding on the way in; what the client sent is beside the request, "" for nothing. */
function clientAcceptEncoding(c: Context<AppEnv>): string | null {
  const cf = c.req.raw.cf as IncomingRequestCfProperties | undefined;
  return cf?.clientAcceptEncoding ?? c.req.header("accept-encoding") ?? null;
}

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
