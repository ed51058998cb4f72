import { describe, expect, it } from "vitest";
import { toldCreatedMs } from "#calls/created-time.ts";
import { type Message, readMetricFamilies } from "../../formats/exposition/read-metric-families.ts";
import { requireStatus } from "../../harness/answers.ts";
import { ingest, makeSample, scrape } from "../../harness/calls.ts";
import { call, workerEnv } from "../../harness/deployment.ts";
import { makeOrg } from "../../harness/orgs.ts";

/** As Prometheus 3 and 2.42 ask. */
const PROMETHEUS_3 =
  "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
const PROMETHEUS_2 =
  "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
const PROTOBUF =
  "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

/** Family (without its suffix) and milliseconds of each line. */
function createdOf(page: string): [family: string, ms: number][] {
  return [...page.matchAll(/^(\w+)_created\{.*\} (\S+)$/gm)].map(([, family = "", seconds]) => [
    family,
    Math.round(Number(seconds) * 1e3),
  ]);
}

async function families(org: string): Promise<Message[]> {
  const headers = { accept: PROTOBUF, "accept-encoding": "identity" };
  const answer = await requireStatus(200, call("GET", `/v1/orgs/${org}/metrics`, { headers }));
  return readMetricFamilies([new Uint8Array(await answer.arrayBuffer())]);
}

function metricsOf(all: readonly Message[], name: string): Message[] {
  return all.find((family) => family.name?.[0] === name)?.metric ?? [];
}

describe("created timestamps", () => {
  it("come with every counter and histogram of OpenMetrics for Prometheus 3, and for none before", async () => {
    const org = await makeOrg();
    const beforeMs = Date.now();
    await ingest(org, [makeSample()]);
    const created = createdOf(await scrape(org, "", PROMETHEUS_3));
    expect(created.map(([family]) => family)).toEqual([
      "mcpg_tool_calls",
      "mcpg_tool_errors",
      ...new Array(6).fill("mcpg_tool_invocations"),
      "mcpg_tool_duration_seconds",
      "mcpg_ingest_lag_seconds",
      "mcpg_instance_dropped_samples",
    ]);
    for (const [, ms] of created) {
      expect(ms).toBeGreaterThanOrEqual(beforeMs - 5_000);
      expect(ms).toBeLessThanOrEqual(Date.now() - 5_000);
    }
    expect(await scrape(org, "", PROMETHEUS_2)).not.toContain("_created");
    expect(await scrape(org)).not.toContain("_created");
  });

  it("are in protobuf what they are in OpenMetrics, and the same at each scrape", async () => {
    const org = await makeOrg();
    await ingest(org, [makeSample({ outcome: "server_error" })]);
    const first = createdOf(await scrape(org, "", PROMETHEUS_3));
    await ingest(org, [makeSample()]);
    expect(createdOf(await scrape(org, "", PROMETHEUS_3))).toEqual(first);
    const all = await families(org);
    const msOf = (message: Message | undefined) => {
      const [told] = (message?.created_timestamp ?? []) as Record<string, number[]>[];
      return (told?.["seconds"]?.[0] ?? 0) * 1e3 + (told?.["nanos"]?.[0] ?? 0) / 1e6;
    };
    const inProtobuf = [
      ...["mcpg_tool_calls_total", "mcpg_tool_errors_total", "mcpg_tool_invocations_total"].flatMap(
        (name) => metricsOf(all, name).map(({ counter }) => msOf(counter?.[0])),
      ),
      ...["mcpg_tool_duration_seconds", "mcpg_ingest_lag_seconds"].flatMap((name) =>
        metricsOf(all, name).map(({ histogram }) => msOf(histogram?.[0])),
      ),
      ...metricsOf(all, "mcpg_instance_dropped_samples_total").map(({ counter }) =>
        msOf(counter?.[0]),
      ),
    ];
    expect(inProtobuf).toEqual(first.map(([, ms]) => ms));
  });

  it("stay what they were when a series comes back after 30 days: its total never began anew", async () => {
    const org = await makeOrg();
    await ingest(org, [makeSample()]);
    await scrape(org);
    const longAgoMs = Date.now() - 40 * 86_400_000;
    const db = workerEnv.SHARD_0;
    await db
      .prepare("UPDATE series SET created_ms = ?2, last_seen_ms = ?2 WHERE org = ?1")
      .bind(org, longAgoMs)
      .run();
    expect(await scrape(org, "", PROMETHEUS_3)).not.toContain("mcpg_tool_calls_total{");
    await ingest(org, [makeSample()]);
    const page = await scrape(org, "", PROMETHEUS_3);
    expect(page).toMatch(/mcpg_tool_calls_total\{.*\} 2\n/);
    expect(createdOf(page)[0]).toEqual(["mcpg_tool_calls", longAgoMs - 5_000]);
  });

  it("are not told of what was counted before they were kept", async () => {
    const org = await makeOrg();
    await ingest(org, [makeSample()]);
    await scrape(org);
    for (const table of ["series", "instances"]) {
      const sql = `UPDATE ${table} SET created_ms = NULL WHERE org = ?1`;
      await workerEnv.SHARD_0.prepare(sql).bind(org).run();
    }
    await ingest(org, [makeSample()]);
    expect(await scrape(org, "", PROMETHEUS_3)).not.toContain("_created");
    const [metric] = metricsOf(await families(org), "mcpg_tool_calls_total");
    expect(metric?.counter).toEqual([{ value: [2] }]);
  });

  it("are five seconds before the first report arrived, for a scrape that began then may show it", () => {
    expect(toldCreatedMs(1_700_000_000_000, 1_700_000_000_000)).toBe(1_699_999_995_000);
    expect(toldCreatedMs(null, 1)).toBeNull();
  });

  it("are not told while they are yet to come, of a clock that was ahead", () => {
    expect(toldCreatedMs(1_700_000_006_000, 1_700_000_000_000)).toBeNull();
  });
});
