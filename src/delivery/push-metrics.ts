/** An org's totals as OTLP metrics to its receiver: one snapshot, in as many requests as it takes. */

import { gzipSync } from "node:zlib";
import { readFigures } from "#calls/figures/read-figures.ts";
import type { ClaimedDelivery, DeliveryEnd } from "#delivery/store/stream-deliveries.ts";
import { decodeRejectedCount } from "#formats/otlp/decode-export-response.ts";
import { encodeMetrics } from "#formats/otlp/encode-metrics.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { signalUrl } from "#streams/endpoint.ts";
import type { Destination } from "#streams/observability.ts";
import { postPatiently, retryDelayMs } from "./attempts.ts";
import { otlpMetricsRequests } from "./otlp-metrics.ts";

/** A push has native histograms, and neither classic ones nor quantiles nor exemplars. */
const WANTS = {
  granularity: "hour",
  windows: false,
  native: true,
  exemplars: false,
  instances: true,
} as const;

const TIME_UP = "the tick's time was up before all of it was sent";

/**
 * Encodes all that was acknowledged before the call, unless `isOver` ends the folding first. Encoded, it
 * has a fiftieth of what the snapshot takes in memory.
 */
export async function encodePush(env: Env, org: Org, isOver: () => boolean): Promise<Uint8Array[]> {
  const families = await readFigures(env, org, WANTS, isOver);
  const nowMs = Date.now();
  const times = { startMs: Math.min(org.createdAtMs, nowMs), nowMs };
  const requests = otlpMetricsRequests(families, org.org, times);
  return Array.from(requests, (request) => {
    // Labels repeat on every point.
    return new Uint8Array(gzipSync(encodeMetrics([request], "protobuf"), { level: 1 }));
  });
}

/** Totals are cumulative: what one push leaves out, the next one says. */
export async function pushMetrics(
  bodies: readonly Uint8Array[],
  to: Destination,
  { failures }: ClaimedDelivery,
  overMs: number,
): Promise<DeliveryEnd> {
  let rejected = 0;
  for (const body of bodies) {
    if (Date.now() > overMs) return failed(failures, TIME_UP, null);
    const result = await postPatiently(postOf(to, body), overMs);
    if (result.kind === "failed") return failed(failures, result.problem, result.retryAfterMs);
    rejected += decodeRejectedCount(result.body, result.contentType);
  }
  const error = rejected > 0 ? `rejected ${rejected} data points` : null;
  return { error, retryAtMs: 0, isDelivered: true };
}

function failed(failures: number, error: string, retryAfterMs: number | null): DeliveryEnd {
  const retryAtMs = Date.now() + retryDelayMs(failures, retryAfterMs);
  return { error, retryAtMs, isDelivered: false };
}

function postOf({ endpoint, headers }: Destination, body: Uint8Array) {
  const described = { "content-type": "application/x-protobuf", "content-encoding": "gzip" };
  return { url: signalUrl(endpoint, "metrics"), headers, described, body, readsAnswer: true };
}
