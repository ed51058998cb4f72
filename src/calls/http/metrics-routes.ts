/** The Prometheus endpoint of an org (api.md, "Metrics"): folds what arrived, then answers one snapshot whole. */
import { type Context, Hono } from "hono";
import * as Type from "typebox";
import { FAMILY_NAMES, type FamilyName, fleetMetrics } from "#calls/fleet-metrics.ts";
import type { Granularity, SnapshotWants } from "#calls/metrics-snapshot.ts";
import { readMetricsSnapshot } from "#calls/store/read-snapshot.ts";
import type { MetricFamily } from "#formats/exposition/metric-family.ts";
import { acceptsGzip, type ExpositionFormat, negotiate } from "#formats/exposition/negotiation.ts";
import { encodeOpenMetrics } from "#formats/exposition/open-metrics.ts";
import { encodeProtobuf } from "#formats/exposition/protobuf.ts";
import { encodeText } from "#formats/exposition/text.ts";
import { byteStream, gzipStream } from "#http/byte-stream.ts";
import { describeOperation, queryParameters } from "#http/describe-operation.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { authorize } from "#orgs/http/authorize.ts";
import { shardDatabase } from "#platform/env.ts";
import { FailureError } from "#platform/errors.ts";
import { foldForRead } from "./fold-for-read.ts";
import { parseGranularity } from "./granularity.ts";

const ENCODERS: Record<
  ExpositionFormat,
  (families: Iterable<MetricFamily>) => Iterable<Uint8Array>
> = { text: encodeText, openmetrics: encodeOpenMetrics, protobuf: encodeProtobuf };

export const metrics = new Hono<AppEnv>().get(
  "/",
  describeOperation({
    summary: "Fleet metrics for Prometheus",
    scope: "metrics:read",
    description:
      "Text 0.0.4, OpenMetrics 1.0 or Prometheus protobuf with native histograms, by Accept. " +
      "`granularity` picks the window of the latency quantiles only.",
    query: queryParameters({
      granularity: "hour (default) or day",
      "name[]": `Families wanted, repeatable; default all: ${FAMILY_NAMES.join(", ")}`,
    }),
    answers: {
      200: { description: "One snapshot, whole", mediaType: "text/plain", schema: Type.String() },
    },
    problems: [400],
  }),
  authorize("metrics:read"),
  async (c) => {
    const { format, contentType } = negotiate(c.req.header("accept") ?? null);
    const names = requestedFamilies(c.req.queries("name[]"));
    const wants = snapshotWants(format, names, parseGranularity(c.req.query("granularity")));
    const snapshot = await readFolded(c, wants).catch(unavailable);
    const families = fleetMetrics(snapshot).filter(({ name }) => names.has(name as FamilyName));
    const headers: Record<string, string> = {
      "content-type": contentType,
      "cache-control": "no-store",
      vary: "Accept, Accept-Encoding",
    };
    const page = ENCODERS[format](families);
    if (!acceptsGzip(clientAcceptEncoding(c))) {
      return new Response(byteStream(page), { headers });
    }
    headers["content-encoding"] = "gzip";
    return new Response(gzipStream(page), { headers, encodeBody: "manual" });
  },
);

/** Cloudflare rewrites Accept-Encoding on the way in; what the client sent is beside the request, "" for nothing. */
function clientAcceptEncoding(c: Context<AppEnv>): string | null {
  const cf = c.req.raw.cf as IncomingRequestCfProperties | undefined;
  return cf?.clientAcceptEncoding ?? c.req.header("accept-encoding") ?? null;
}

async function readFolded(c: Context<AppEnv>, wants: SnapshotWants) {
  await foldForRead(c, c.req.header("x-prometheus-scrape-timeout-seconds"));
  const { org, shard } = c.var.org;
  return readMetricsSnapshot(shardDatabase(c.env, shard), org, wants, Date.now());
}

/** Part of a page reads as targets gone: any failure to read is a failure to answer. */
function unavailable(error: unknown): never {
  throw new FailureError({ kind: "unavailable", retryAfterSeconds: 5 }, { cause: error });
}

function requestedFamilies(names: readonly string[] | undefined): ReadonlySet<FamilyName> {
  const requested = FAMILY_NAMES.filter((name) => names === undefined || names.includes(name));
  return new Set(requested);
}

function snapshotWants(
  format: ExpositionFormat,
  names: ReadonlySet<FamilyName>,
  granularity: Granularity,
): SnapshotWants {
  const histograms = names.has("mcpg_tool_duration_seconds");
  return {
    granularity,
    windows: names.has("mcpg_tool_latency_ms"),
    native: histograms && format === "protobuf",
    exemplars: histograms && format !== "text",
    instances:
      names.has("mcpg_ingest_lag_seconds") ||
      names.has("mcpg_instance_last_report_timestamp_seconds") ||
      names.has("mcpg_instance_dropped_samples_total"),
  };
}
