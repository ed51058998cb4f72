/**
 * The gateway's metrics, by OpenTelemetry's conventions for MCP. None has a name that the fleet's have: what sums
 * those over all jobs does not count a call twice.
 */

import { toldCreatedMs } from "#calls/figures/created-time.ts";
import { OTHER } from "#calls/series.ts";
import {
  type LabelPair,
  type LabelSet,
  labelSet,
  type MetricFamily,
} from "#formats/exposition/metric-family.ts";
import type { OperationTotals } from "#gateway/figures/store/operation-rows.ts";
import { OPERATION_BOUNDS_SECONDS } from "./operation-bounds.ts";
import { OPERATION_SERIES_MAX } from "./operation-room.ts";

interface LabelledOperations {
  readonly labels: LabelSet;
  readonly totals: OperationTotals;
  readonly count: number;
  readonly createdMs: number | null;
}

export function operationFamilies(
  shards: readonly (readonly OperationTotals[])[],
  nowMs: number,
): MetricFamily[] {
  const all = withOneOther(shards.flat()).map((totals) => labelled(totals, nowMs));
  return [
    {
      type: "histogram",
      name: "mcp_server_operation_duration_seconds",
      help: "Duration of MCP requests and notifications, as the gateway saw them",
      unit: "seconds",
      bounds: OPERATION_BOUNDS_SECONDS,
      points: all.map(({ labels, totals, count, createdMs }) => ({
        labels,
        createdMs,
        count,
        sum: totals.sumUs / 1e6,
        bucketCounts: totals.counts,
      })),
    },
    {
      type: "counter",
      name: "mcpg_gateway_operations_total",
      help: "MCP requests and notifications that the gateway was sent, by outcome",
      points: all.map(({ labels, count, createdMs }) => ({ labels, value: count, createdMs })),
    },
    gauge("mcpg_gateway_series", "Label sets of these, of all orgs", all.length),
    gauge(
      "mcpg_gateway_series_limit",
      "Label sets above which new ones are __other__",
      OPERATION_SERIES_MAX,
    ),
  ];
}

function gauge(name: string, help: string, value: number): MetricFamily {
  return { type: "gauge", name, help, points: [{ labels: labelSet([]), value }] };
}

/** Each shard has a row of what found no room, of all orgs: they are one. */
function withOneOther(all: readonly OperationTotals[]): OperationTotals[] {
  const [first, ...more] = all.filter(({ org }) => org === OTHER);
  const others = all.filter(({ org }) => org !== OTHER);
  return first === undefined ? others : [...others, more.reduce(summed, first)];
}

function summed(one: OperationTotals, other: OperationTotals): OperationTotals {
  return {
    ...one,
    createdMs: Math.min(one.createdMs, other.createdMs),
    sumUs: one.sumUs + other.sumUs,
    counts: one.counts.map((count, bucket) => count + (other.counts[bucket] ?? 0)),
  };
}

function labelled(totals: OperationTotals, nowMs: number): LabelledOperations {
  const { org, labels, counts, createdMs } = totals;
  const [workspace, plugin, method, tool, outcome, errorType, version] = labels;
  const pairs: LabelPair[] = [
    ["org", org],
    ["workspace", workspace],
    ["plugin", plugin],
    ["mcp_method_name", method],
    ["gen_ai_tool_name", tool],
    ["outcome", outcome],
    ["error_type", errorType],
    ["mcp_protocol_version", version],
  ];
  return {
    labels: labelSet(pairs.filter(([, value]) => value !== "")),
    totals,
    count: counts.reduce((sum, count) => sum + count, 0),
    createdMs: toldCreatedMs(createdMs, nowMs),
  };
}
