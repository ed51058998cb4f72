import { describe, expect, it } from "vitest";
import { app } from "#app.ts";
import { getJson } from "../../harness/answers.ts";
import { ingest, makeSample, metricSum, postCalls, scrape } from "../../harness/calls.ts";
import { ADMIN_TOKEN, call, workerEnv } from "../../harness/deployment.ts";
import { LimitedD1 } from "../../harness/limited-d1.ts";
import { makeOrg } from "../../harness/orgs.ts";
import { faultyD1 } from "../../harness/watched-d1.ts";

const HOUR_MS = 3_600_000;
const OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

describe("GET /metrics", () => {
  it("counts all that an ingest answer acknowledged before it", async () => {
    const org = await makeOrg();
    const samples = [
      makeSample(),
      makeSample({ outcome: "server_error" }),
      makeSample({ outcome: "idempotent_replay" }),
    ];
    expect(await ingest(org, samples)).toEqual({ accepted: 3, duplicates: 0, rejected: [] });
    const page = await scrape(org);
    expect(metricSum(page, "mcpg_tool_calls_total")).toBe(2);
    expect(metricSum(page, "mcpg_tool_errors_total")).toBe(1);
    expect(metricSum(page, "mcpg_tool_invocations_total", 'outcome="idempotent_replay"')).toBe(1);
    expect(metricSum(page, "mcpg_tool_duration_seconds_count")).toBe(2);
    expect(metricSum(page, "mcpg_ingest_lag_seconds_count")).toBe(3);
  });

  it("shows both counters of a tool from its first sample on", async () => {
    const org = await makeOrg();
    await ingest(org, [makeSample()]);
    const page = await scrape(org);
    const labels = `{org="${org}",workspace="prod",plugin="github",tool="list_repos"}`;
    expect(page).toContain(`mcpg_tool_calls_total${labels} 1\n`);
    expect(page).toContain(`mcpg_tool_errors_total${labels} 0\n`);
  });

  it("prints the guide's families with the guide's help, quantile first", async () => {
    const org = await makeOrg();
    await ingest(org, [makeSample({ duration_ms: 84 })]);
    const page = await scrape(org);
    expect(page).toContain(
      "# HELP mcpg_tool_calls_total Total tool invocations\n# TYPE mcpg_tool_calls_total counter\n",
    );
    expect(page).toContain("# HELP mcpg_tool_errors_total Total tool errors\n");
    expect(page).toContain(
      "# HELP mcpg_tool_latency_ms Tool latency quantiles\n# TYPE mcpg_tool_latency_ms gauge\n",
    );
    expect(page).toContain(
      `mcpg_tool_latency_ms{quantile="0.5",org="${org}",plugin="github",tool="list_repos"} 84\n`,
    );
  });

  it("answers the format that Accept asks for, uncached", async () => {
    const org = await makeOrg();
    const typeOf = async (accept: string) => {
      const response = await call("GET", `/v1/orgs/${org}/metrics`, { headers: { accept } });
      expect(response.headers.get("cache-control")).toBe("no-store");
      expect(response.headers.get("vary")).toBe("Accept, Accept-Encoding");
      await response.arrayBuffer();
      return response.headers.get("content-type");
    };
    expect(await typeOf("application/openmetrics-text;version=1.0.0,*/*;q=0.1")).toBe(OPENMETRICS);
    expect(await typeOf("text/html")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(
      await typeOf(
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
      ),
    ).toBe(
      "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
    );
  });

  it("limits families by name[], in every format", async () => {
    const org = await makeOrg();
    await ingest(org, [makeSample()]);
    const query = "?name[]=mcpg_tool_errors_total&name[]=mcpg_rollup_watermark_timestamp_seconds";
    const families = (page: string) => page.match(/^# TYPE \S+/gm);
    expect(families(await scrape(org, query))).toEqual([
      "# TYPE mcpg_tool_errors_total",
      "# TYPE mcpg_rollup_watermark_timestamp_seconds",
    ]);
    expect(families(await scrape(org, query, OPENMETRICS))).toEqual([
      "# TYPE mcpg_tool_errors",
      "# TYPE mcpg_rollup_watermark_timestamp_seconds",
    ]);
  });

  it("takes latency from the current and the previous window, and says NaN where there is none", async () => {
    const org = await makeOrg();
    const nowMs = Date.now();
    await ingest(org, [
      makeSample({ tool: "now", duration_ms: 10 }),
      makeSample({ tool: "before", duration_ms: 20, started_at: nowMs - HOUR_MS }),
      makeSample({ tool: "long_ago", duration_ms: 30, started_at: nowMs - 20 * HOUR_MS }),
    ]);
    const p50 = (page: string, tool: string) =>
      metricSum(page, "mcpg_tool_latency_ms", 'quantile="0.5"', `tool="${tool}"`);
    const hourly = await scrape(org);
    expect([p50(hourly, "now"), p50(hourly, "before")]).toEqual([10, 20]);
    expect(p50(hourly, "long_ago")).toBeNaN();
    expect(p50(await scrape(org, "?granularity=day"), "long_ago")).toBe(30);
    expect((await call("GET", `/v1/orgs/${org}/metrics?granularity=week`)).status).toBe(400);
  });

  it("shows what the series take of their limits, __other__ left out", async () => {
    const org = await makeOrg({ limits: { series_max: 3, series_label_bytes_max: 1_024 } });
    const tools = ["é", "b", "x".repeat(128), "c", "d"];
    await ingest(
      org,
      tools.map((tool) => makeSample({ workspace: "w", plugin: "p", tool })),
    );
    const page = await scrape(org);
    const shown = (name: string) => metricSum(page, name);
    expect([shown("mcpg_series"), shown("mcpg_series_limit")]).toEqual([3, 3]);
    expect(shown("mcpg_series_label_bytes")).toBe(4 + 3 + 130);
    expect(shown("mcpg_series_label_bytes_limit")).toBe(1_024);
    expect(metricSum(page, "mcpg_tool_calls_total", 'tool="__other__"')).toBe(2);
  });

  it("leads from an exemplar to its sample by key", async () => {
    const org = await makeOrg();
    const trace_id = "0af7651916cd43dd8448eb211c80319c";
    await ingest(org, [makeSample({ trace_id })]);
    const page = await scrape(org, "", OPENMETRICS);
    const exemplar = /# \{trace_id="(\w+)",invocation_id="([\w-]+)"\} 0\.0842 \d+\.\d+/.exec(page);
    expect(exemplar?.[1]).toBe(trace_id);
    const sample = await getJson(`/v1/orgs/${org}/invocations/${exemplar?.[2]}`);
    expect(sample).toMatchObject({ trace_id });
  });

  it("shows an exemplar at the bucket that its value lies in, under whichever it is stored, and the latest", async () => {
    const org = await makeOrg();
    await ingest(org, [makeSample({ duration_ms: 0.3 }), makeSample({ duration_ms: 300_000 })]);
    await scrape(org);
    // As when 2^-8 and 2^6 s were the outermost bounds.
    const stored = {
      0: [300, 1_000, "fast", null],
      15: [300_000_000, 2_000, "slow", null],
      17: [400_000_000, 1_999, "older", null],
    };
    await workerEnv.SHARD_0.prepare("UPDATE series SET exemplars = jsonb(?2) WHERE org = ?1")
      .bind(org, JSON.stringify(stored))
      .run();
    const page = await scrape(org, "", OPENMETRICS);
    const exemplars = [...page.matchAll(/_bucket\{le="([^"]+)".*# \{invocation_id="(\w+)"\}/g)];
    expect(exemplars.map(([, le, id]) => [le, id])).toEqual([
      ["0.00048828125", "fast"],
      ["512.0", "slow"],
    ]);
  });

  it("answers gzip where it is asked for, the same page", async () => {
    const org = await makeOrg();
    await ingest(org, [makeSample()]);
    const response = await call("GET", `/v1/orgs/${org}/metrics?name[]=mcpg_tool_calls_total`, {
      headers: { "accept-encoding": "gzip", accept: "text/plain" },
    });
    expect(response.headers.get("content-encoding")).toBe("gzip");
    const bytes = await response.arrayBuffer();
    const isGzip = new Uint8Array(bytes)[0] === 0x1f;
    const stream = new Response(bytes).body as ReadableStream;
    const plain = isGzip ? stream.pipeThrough(new DecompressionStream("gzip")) : stream;
    expect(await new Response(plain).text()).toBe(
      await scrape(org, "?name[]=mcpg_tool_calls_total"),
    );
  });

  it("never shows a counter lower than an earlier scrape did, under concurrent ingest and scrapes", async () => {
    const org = await makeOrg();
    let seen = 0;
    const scrapeOften = async () => {
      for (let round = 0; round < 6; round += 1) {
        const floor = seen;
        const calls = metricSum(await scrape(org), "mcpg_tool_calls_total");
        expect(calls).toBeGreaterThanOrEqual(floor);
        seen = Math.max(seen, calls);
      }
    };
    const report20 = async () => {
      for (let round = 0; round < 10; round += 1) {
        await ingest(
          org,
          Array.from({ length: 20 }, (_, tool) => makeSample({ tool: `t${tool}` })),
        );
      }
    };
    await Promise.all([report20(), report20(), scrapeOften(), scrapeOften()]);
    expect(metricSum(await scrape(org), "mcpg_tool_calls_total")).toBe(400);
  });

  it("answers 503 with Retry-After, not part of a page, when the database fails", async () => {
    const org = await makeOrg();
    await ingest(org, [makeSample()]);
    for (const failing of [0, 1, 2]) {
      const SHARD_0 = faultyD1(workerEnv.SHARD_0, (batch) => (batch === failing ? "before" : null));
      const response = await app.request(
        `/v1/orgs/${org}/metrics`,
        { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } },
        { ...workerEnv, SHARD_0 },
      );
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).not.toBeNull();
      expect(response.headers.get("content-type")).toBe("application/problem+json");
    }
  });

  it("stays inside D1's limits", async () => {
    const org = await makeOrg();
    await postCalls(
      org,
      Array.from({ length: 1_000 }, (_, tool) => makeSample({ tool: `t${tool}` })),
    );
    const limited = new LimitedD1(workerEnv.SHARD_0);
    const response = await app.request(
      `/v1/orgs/${org}/metrics`,
      { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } },
      { ...workerEnv, SHARD_0: limited.database },
    );
    expect(response.status).toBe(200);
    await response.text();
    expect(limited.queries).toBeLessThan(40);
  });

  it("is read with metrics:read or the deployment's metrics token, and nothing less", async () => {
    const org = await makeOrg();
    const tokenOf = async (scopes: string[]) => {
      const response = await call("POST", `/v1/orgs/${org}/service-tokens`, {
        body: { name: "t", scopes },
      });
      return ((await response.json()) as { token: string }).token;
    };
    const statusWith = async (token: string, of = org) =>
      (
        await call("GET", `/v1/orgs/${of}/metrics`, {
          headers: { authorization: `Bearer ${token}` },
        })
      ).status;
    const reader = await tokenOf(["metrics:read"]);
    expect(await statusWith(reader)).toBe(200);
    expect(await statusWith(workerEnv.MCPG_METRICS_TOKEN ?? "")).toBe(200);
    expect(await statusWith(await tokenOf(["telemetry:read"]))).toBe(403);
    expect(await statusWith(reader, await makeOrg())).toBe(404);
  });
});
