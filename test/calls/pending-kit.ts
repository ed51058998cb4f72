/** What readers are told of an org, but for the time at which they asked. */

import { getJson } from "../harness/answers.ts";
import { scrape } from "../harness/calls.ts";
import { call } from "../harness/deployment.ts";

/** Each as a reader has it; times of reading, and what only tells how far folds have come, left out. */
export async function figuresOf(org: string, nowMs: number): Promise<Record<string, unknown>> {
  const from = new Date(nowMs - 3 * 3_600_000).toISOString();
  const to = new Date(nowMs + 60_000).toISOString();
  const times = `from=${from}&to=${to}`;
  const range = `${times}&step=60`;
  const paths = [
    "rollups?granularity=hour&group_by=workspace,plugin,tool&limit=100",
    "rollups?granularity=day&group_by=plugin&limit=100",
    "rollups?granularity=hour&plugin=github",
    "rollups?granularity=hour&tool=list&group_by=tool",
    `activity?${range}`,
    `activity?${range}&group_by=tool`,
    `activity?${range}&group_by=plugin&plugin=github`,
    `activity?${range}&tool=list`,
    `activity?from=${from}&to=${to}&step=900&group_by=workspace`,
    `activity/heatmap?${times}`,
    `activity/top?${times}&by=tool&metric=calls`,
    `activity/top?${times}&by=plugin&metric=p95`,
    `lag?${range}`,
    `lag?${range}&instance=gw-1`,
    "instances",
    "series",
  ];
  const answers: Record<string, unknown> = {};
  for (const path of paths) {
    const { counted_until: _, ...told } = await getJson<Record<string, unknown>>(
      `/v1/orgs/${org}/${path}`,
    );
    answers[path] = told;
  }
  for (const granularity of ["hour", "day"]) {
    const page = await scrape(
      org,
      `?granularity=${granularity}`,
      "application/openmetrics-text;version=1.0.0",
    );
    answers[`metrics ${granularity}`] = page
      .split("\n")
      .filter((line) => !/watermark_timestamp|shard_bytes/.test(line));
  }
  const accept =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
  const path = `/v1/orgs/${org}/metrics?name[]=mcpg_tool_duration_seconds`;
  const native = await call("GET", path, { headers: { accept } });
  answers["native histograms"] = [...new Uint8Array(await native.arrayBuffer())].join();
  return answers;
}
