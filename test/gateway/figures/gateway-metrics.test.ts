import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { app } from "#app.ts";
import { noteOperation } from "#gateway/figures/note-operation.ts";
import type { Operation } from "#gateway/figures/operation.ts";
import { findOrg } from "#orgs/store/orgs.ts";
import { requireStatus } from "../../harness/answers.ts";
import { metricSum } from "../../harness/calls.ts";
import { call, METRICS_TOKEN, workerEnv } from "../../harness/deployment.ts";
import { createToken, makeOrg } from "../../harness/orgs.ts";
import { faultyD1 } from "../../harness/watched-d1.ts";
import { countedOf, operation } from "./operations.ts";

beforeEach(() => workerEnv.SHARD_0.prepare("DELETE FROM gateway_operations").run());

/** Resolves once the store has them: a turn of the outbox that another file began may take them along. */
async function note(org: string, ...all: Partial<Operation>[]): Promise<void> {
  const found = (await findOrg(workerEnv.DIRECTORY, org))!;
  const before = await countedOf(org);
  const ctx = createExecutionContext();
  for (const fields of all)
    noteOperation(workerEnv, ctx, { ...operation(found, fields), org: found });
  await waitOnExecutionContext(ctx);
  const areStored = async () => (await countedOf(org)) >= before + all.length;
  await vi.waitUntil(areStored, { timeout: 10_000, interval: 20 });
}

async function page(accept = "text/plain"): Promise<string> {
  const answer = call("GET", "/metrics", { token: METRICS_TOKEN, headers: { accept } });
  return new TextDecoder().decode(await (await requireStatus(200, answer)).arrayBuffer());
}

describe("GET /metrics", () => {
  it("has every method of every org, by the conventions' names and bounds", async () => {
    const [one, other] = [await makeOrg(), await makeOrg()];
    await note(
      one!,
      { durationMs: 10 },
      { durationMs: 10.001 },
      { durationMs: 400_000, outcome: "server_error", errorType: "timeout" },
      { method: "tools/list", tool: null, version: "2026-07-28" },
    );
    await note(other!, { method: "initialize", tool: null, version: null });
    const text = await page();
    const labels = `org="${one}",workspace="prod",plugin="github",mcp_method_name="tools/call",gen_ai_tool_name="search"`;
    const ok = `${labels},outcome="ok",mcp_protocol_version="2025-11-25"`;
    const lost = `${labels},outcome="server_error",error_type="timeout",mcp_protocol_version="2025-11-25"`;
    const name = "mcp_server_operation_duration_seconds";
    expect(text).toContain(`# TYPE ${name} histogram\n`);
    const bounds = [
      "0.01",
      "0.02",
      "0.05",
      "0.1",
      "0.2",
      "0.5",
      "1.0",
      "2.0",
      "5.0",
      "10.0",
      "30.0",
      "60.0",
      "120.0",
      "300.0",
      "+Inf",
    ];
    const buckets = text
      .split("\n")
      .filter((line) => line.startsWith(`${name}_bucket`) && line.includes(ok));
    expect(buckets).toEqual(
      bounds.map((le, index) => `${name}_bucket{le="${le}",${ok}} ${index === 0 ? 1 : 2}`),
    );
    expect(text).toContain(`${name}_sum{${ok}} 0.020001\n${name}_count{${ok}} 2\n`);
    expect(text).toContain(`${name}_bucket{le="300.0",${lost}} 0\n`);
    expect(text).toContain(`mcpg_gateway_operations_total{${lost}} 1\n`);
    expect(text).toContain(
      `mcpg_gateway_operations_total{org="${one}",workspace="prod",plugin="github",mcp_method_name="tools/list",outcome="ok",mcp_protocol_version="2026-07-28"} 1\n`,
    );
    expect(text).toContain(
      `mcpg_gateway_operations_total{org="${other}",workspace="prod",plugin="github",mcp_method_name="initialize",outcome="ok"} 1\n`,
    );
    expect(text).toContain(
      "mcpg_gateway_series 4\nmcpg_gateway_series_limit".replace(
        "\n",
        "\n# HELP mcpg_gateway_series_limit Label sets above which new ones are __other__\n# TYPE mcpg_gateway_series_limit gauge\n",
      ),
    );
  });

  it("has no family that the fleet's page has", async () => {
    const org = await makeOrg();
    await note(org, {});
    const families = (text: string) =>
      [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    const fleet = await (await call("GET", `/v1/orgs/${org}/metrics`)).text();
    const own = families(await page());
    expect(own.length).toBeGreaterThan(3);
    expect(families(fleet).filter((name) => own.includes(name))).toEqual([]);
  });

  it("is text, OpenMetrics or protobuf, as Accept says, and not to be stored", async () => {
    await note(await makeOrg(), {});
    const open = await page("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8");
    expect(open).toContain("# UNIT mcp_server_operation_duration_seconds seconds\n");
    expect(open).toMatch(/^mcpg_gateway_operations_created\{.*\} \d+\.\d{3}$/m);
    expect(open.endsWith("# EOF\n")).toBe(true);
    const accept =
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
    const answer = await call("GET", "/metrics", { headers: { accept } });
    expect(answer.headers.get("content-type")).toContain("io.prometheus.client.MetricFamily");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("vary")).toBe("Accept, Accept-Encoding");
    await answer.arrayBuffer();
  });

  it("is the deployment's: no token of an org reads it, whatever its scopes", async () => {
    const { token } = await createToken(await makeOrg(), [
      "metrics:read",
      "org:admin",
      "telemetry:read",
    ]);
    expect((await call("GET", "/metrics", { token })).status).toBe(403);
    expect((await call("GET", "/metrics", { token: null })).status).toBe(401);
    expect((await call("GET", "/metrics")).status).toBe(200);
  });

  it("counts what isolates noted while scrapes go on: no counter falls, and none is lost", async () => {
    const org = await makeOrg();
    let last = 0;
    const scrapeOften = async () => {
      for (let scrape = 0; scrape < 10; scrape += 1) {
        const now = metricSum(await page(), "mcpg_gateway_operations_total", `org="${org}"`);
        expect(now).toBeGreaterThanOrEqual(last);
        last = now;
      }
    };
    await Promise.all([
      scrapeOften(),
      ...Array.from({ length: 20 }, () => note(org, {}, { tool: "b" })),
    ]);
    expect(metricSum(await page(), "mcpg_gateway_operations_total", `org="${org}"`)).toBe(40);
  });

  it("is 503 with Retry-After, and no part of a page, when a shard fails", async () => {
    const failing = { ...workerEnv, SHARD_1: faultyD1(workerEnv.SHARD_0, () => "before") };
    const init = { headers: { authorization: `Bearer ${METRICS_TOKEN}` } };
    const response = await app.request("/metrics", init, failing);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await response.text()).not.toContain("mcp_server");
  });

  it("goes with its org: what is left of a deleted one is not on the page for long", async () => {
    const org = await makeOrg();
    await note(org, {});
    expect(await page()).toContain(`org="${org}"`);
    await requireStatus(202, call("DELETE", `/v1/orgs/${org}`));
    expect(await page()).not.toContain(`org="${org}"`);
  });

  it("takes no label from what a caller or a plugin makes up without bound", async () => {
    const org = await makeOrg();
    await note(
      org,
      { method: "made/up", tool: null },
      { method: "made/up2", tool: null },
      { version: "9999" },
      { tool: `a\0b\ud800"\n${"x".repeat(300)}` },
      { durationMs: Number.NaN },
      { durationMs: -5 },
    );
    const text = await page();
    expect(
      metricSum(text, "mcpg_gateway_operations_total", `org="${org}"`, 'mcp_method_name="_OTHER"'),
    ).toBe(2);
    expect(text).not.toContain("9999");
    expect(text).toMatch(/gen_ai_tool_name="a�b�\\"\\nx{110,122}"/);
    expect(metricSum(text, "mcpg_gateway_operations_total", `org="${org}"`)).toBe(6);
  });
});
