import { describe, expect, it } from "vitest";
import { encodeTraces } from "#formats/otlp/encode-traces.ts";
import { getJson } from "../../harness/answers.ts";
import { ingest, makeSample, metricSum, scrape } from "../../harness/calls.ts";
import { makeOrg } from "../../harness/orgs.ts";
import {
  ATTRIBUTES,
  CLIENT,
  callSpan,
  countedCalls,
  gzip,
  JSON_TYPE,
  newHex,
  otherSpan,
  PROTOBUF,
  partialSuccess,
  RESOURCE,
  resourceSpans,
  sendBody,
  sendTraces,
} from "./otlp.ts";

interface Invocations {
  invocations: Record<string, unknown>[];
}

describe("POST /v1/orgs/{org}/otlp/v1/traces", () => {
  it.each([
    ["protobuf", PROTOBUF],
    ["json", JSON_TYPE],
  ] as const)("takes %s and answers in it, empty when all was taken", async (encoding, type) => {
    const org = await makeOrg();
    const response = await sendTraces(org, [resourceSpans([callSpan()])], { encoding });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe(type);
    expect(await response.text()).toBe(encoding === "json" ? "{}" : "");
    const labels = ['workspace="prod"', 'plugin="github"', 'tool="list_repos"'];
    expect(await countedCalls(org, ...labels)).toBe(1);
  });

  it.each(["protobuf", "json"] as const)("takes gzip of %s", async (encoding) => {
    const org = await makeOrg();
    const body = await gzip(encodeTraces([resourceSpans([callSpan(), callSpan()])], encoding));
    const type = encoding === "json" ? JSON_TYPE : PROTOBUF;
    const headers = { "content-type": type, "content-encoding": "gzip" };
    expect((await sendBody(org, body, headers)).status).toBe(200);
    expect(await countedCalls(org)).toBe(2);
  });

  it("takes an empty request", async () => {
    const org = await makeOrg();
    expect((await sendTraces(org, [])).status).toBe(200);
    expect((await sendTraces(org, [], { encoding: "json" })).status).toBe(200);
    expect((await sendBody(org, new Uint8Array(0), { "content-type": PROTOBUF })).status).toBe(200);
  });

  it("makes of a span the sample that its sender meant", async () => {
    const org = await makeOrg();
    const span = callSpan({
      attributes: { ...ATTRIBUTES, "error.type": "tool_error" },
      status: { code: 2, message: "no such repository" },
    });
    expect(await partialSuccess(org, [span])).toBeNull();
    const { invocations } = await getJson<Invocations>(`/v1/orgs/${org}/invocations`);
    expect(invocations).toHaveLength(1);
    expect(invocations[0]).toMatchObject({
      workspace: "prod",
      plugin: "github",
      tool: "list_repos",
      instance_id: "gw-1",
      duration_ms: 84.2,
      outcome: "server_error",
      error_code: "tool_error",
      actor: "alice@acme",
      session_id: ATTRIBUTES["mcp.session.id"],
      request_id: "3",
      trace_id: span.traceId,
      span_id: span.spanId,
      request_bytes: 120,
      response_bytes: 9_000,
    });
    expect(JSON.stringify(invocations)).not.toContain("no such repository");
    expect(invocations[0]?.["error_hash"]).toMatch(/^[0-9a-f]{64}$/);
  });

  it("counts spans that are no tool call nowhere, and refuses none of them", async () => {
    const org = await makeOrg();
    const span = callSpan();
    const attributes = { "mcp.method.name": "tools/list" };
    const others = [otherSpan(span), otherSpan(span, { attributes }), otherSpan(span)];
    expect(await partialSuccess(org, [span, ...others])).toBeNull();
    expect(await countedCalls(org)).toBe(1);
    expect(await partialSuccess(org, others)).toBeNull();
    expect(await countedCalls(org)).toBe(1);
  });

  it("says how many calls cannot be counted, and why the first, and counts their neighbours", async () => {
    const org = await makeOrg();
    const dayOldMs = Date.now() - 25 * 3_600_000;
    const old = callSpan({ start: { ms: dayOldMs, nanos: 0 }, end: { ms: dayOldMs, nanos: 1 } });
    const backwards = callSpan({ end: { ms: Date.now() - 5_000, nanos: 0 } });
    const longName = callSpan({
      attributes: { ...ATTRIBUTES, "gen_ai.tool.name": "x".repeat(129) },
    });
    const noIds = callSpan({ traceId: "" });
    const unnamed = callSpan({ attributes: { "mcp.method.name": "tools/call" }, name: "call" });
    const answer = await partialSuccess(org, [
      old,
      backwards,
      longName,
      noIds,
      unnamed,
      callSpan(),
    ]);
    expect(answer?.rejectedSpans).toBe("5");
    expect(answer?.errorMessage).toMatch(/^5 tool calls cannot be counted; the first: /);
    expect(await countedCalls(org)).toBe(1);
  });

  it("counts the caller's span of a call whose server's is refused, and says so of one call", async () => {
    const org = await makeOrg({ span_mapping: { caller_wait_seconds: 0 } });
    const aheadMs = Date.now() + 600_000;
    const client = callSpan({ kind: CLIENT });
    const { traceId, spanId: parentSpanId } = client;
    const times = { start: { ms: aheadMs, nanos: 0 }, end: { ms: aheadMs, nanos: 0 } };
    const answer = await partialSuccess(org, [
      client,
      callSpan({ traceId, parentSpanId, ...times }),
    ]);
    expect(answer?.errorMessage).toMatch(/^1 tool call cannot be counted; the first: too_new/);
    expect(await countedCalls(org)).toBe(1);
  });

  it("writes partialSuccess in protobuf too", async () => {
    const org = await makeOrg();
    const response = await sendTraces(org, [resourceSpans([callSpan({ traceId: "" })])]);
    expect(response.status).toBe(200);
    const body = new Uint8Array(await response.arrayBuffer());
    // partial_success = 1 (length-delimited), in it rejected_spans = 1 (varint) of 1
    expect([...body.subarray(0, 1), ...body.subarray(2, 4)]).toEqual([0x0a, 0x08, 0x01]);
  });

  it("changes no figure when a batch is sent again, in either encoding, at the same time too", async () => {
    const org = await makeOrg();
    const spans = Array.from({ length: 20 }, () => callSpan());
    const traces = [resourceSpans(spans)];
    const copies = Array.from({ length: 8 }, (_, copy) =>
      sendTraces(org, traces, { encoding: copy % 2 === 0 ? "json" : "protobuf" }),
    );
    expect((await Promise.all(copies)).map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(await countedCalls(org)).toBe(20);
    await sendTraces(org, traces);
    await sendTraces(org, [resourceSpans([...spans, ...spans])]);
    await sendTraces(org, [resourceSpans(spans), resourceSpans(spans, { "service.name": "copy" })]);
    expect(await countedCalls(org)).toBe(20);
  });

  it("counts a call with a span at its server and one at its caller once, however they come", async () => {
    const org = await makeOrg();
    const pairs = Array.from({ length: 30 }, () => {
      const client = callSpan({ kind: CLIENT });
      const { traceId, spanId, start, end } = client;
      return { client, server: callSpan({ traceId, parentSpanId: spanId, start, end }) };
    });
    const agent = { ...RESOURCE, "service.name": "agent", "service.instance.id": "agent-1" };
    await Promise.all(
      pairs.flatMap(({ client, server }, index) => {
        const ofClient = resourceSpans([client], agent);
        const ofServer = resourceSpans([server]);
        if (index < 10) return [sendTraces(org, [ofClient, ofServer])];
        const sides = [ofServer, ofClient, ofServer, ofClient];
        return (index < 20 ? sides : sides.reverse()).map((side) => sendTraces(org, [side]));
      }),
    );
    expect(await countedCalls(org)).toBe(30);
    await sendTraces(org, [
      resourceSpans(
        pairs.map(({ client }) => client),
        agent,
      ),
    ]);
    await sendTraces(org, [resourceSpans(pairs.map(({ server }) => server))]);
    expect(await countedCalls(org)).toBe(30);
    // In one request the server's span counts.
    expect(await countedCalls(org, 'plugin="github"')).toBeGreaterThanOrEqual(10);
  });

  it("shows an instance's last report, and its lag, and no gaps of a sequence it does not have", async () => {
    const org = await makeOrg();
    await partialSuccess(org, [callSpan()]);
    const page = await scrape(org);
    const name = "mcpg_instance_last_report_timestamp_seconds";
    expect(metricSum(page, name, 'instance="gw-1"')).toBeGreaterThan(Date.now() / 1e3 - 60);
    expect(metricSum(page, "mcpg_ingest_lag_seconds_count", 'instance="gw-1"')).toBe(1);
    const { instances } = await getJson<{ instances: object[] }>(`/v1/orgs/${org}/instances`);
    expect(instances).toEqual([expect.objectContaining({ gaps: [] })]);
  });

  it("keeps an instance's own account of its reports apart from the spans under its name", async () => {
    const org = await makeOrg();
    const epoch = "2026-11-22T07:00:00Z";
    await ingest(org, [makeSample()], { epoch, seq: 0, dropped: 3 });
    await partialSuccess(org, [callSpan()]);
    await ingest(org, [makeSample()], { epoch, seq: 1, dropped: 4 });
    const page = await scrape(org);
    expect(metricSum(page, "mcpg_instance_dropped_samples_total")).toBe(4);
    expect(await countedCalls(org)).toBe(3);
  });

  it("leaves an instance departed that said goodbye: a collector sends its last spans", async () => {
    const org = await makeOrg();
    await ingest(org, [], { epoch: "2026-11-22T07:00:00Z", seq: 1, final: true });
    await partialSuccess(org, [callSpan()]);
    const page = await scrape(org);
    expect(page).not.toContain("mcpg_instance_last_report_timestamp_seconds{");
    expect(metricSum(page, "mcpg_ingest_lag_seconds_count", 'instance="gw-1"')).toBe(1);
  });

  it("takes a collector's request: many instances, and more calls than a report may have", async () => {
    const org = await makeOrg();
    const traces = Array.from({ length: 150 }, (_, index) =>
      resourceSpans(
        Array.from({ length: 10 }, () => callSpan()),
        { ...RESOURCE, "service.instance.id": `pod-${index}` },
      ),
    );
    expect((await sendTraces(org, traces)).status).toBe(200);
    expect(await countedCalls(org)).toBe(1_500);
    const { invocations } = await getJson<Invocations>(
      `/v1/orgs/${org}/invocations?instance=pod-149`,
    );
    expect(invocations).toHaveLength(10);
    expect((await sendTraces(org, traces)).status).toBe(200);
    expect(await countedCalls(org)).toBe(1_500);
  });

  it("counts under the names that the org has mapped, and under the conventions' without", async () => {
    const span_mapping = {
      workspace: ["tenant"],
      plugin: ["gateway.upstream"],
      tool: ["my.tool"],
      actor: ["my.user"],
      instance: ["pod"],
    };
    const org = await makeOrg({ span_mapping });
    const attributes = { "my.tool": "search", "gateway.upstream": "jira", "my.user": "bob" };
    const resource = { ...RESOURCE, tenant: "acme-eu", pod: "pod-7" };
    await partialSuccess(org, [callSpan({ attributes }), callSpan()], resource);
    expect(await countedCalls(org, 'workspace="acme-eu"', 'plugin="jira"', 'tool="search"')).toBe(
      1,
    );
    expect(await countedCalls(org, 'workspace="acme-eu"', 'plugin="github"')).toBe(1);
    const { invocations } = await getJson<Invocations>(`/v1/orgs/${org}/invocations?tool=search`);
    expect(invocations[0]).toMatchObject({ actor: "bob", instance_id: "pod-7" });
  });

  it("takes two spans of a caller with the same ids and other times for two, and fails neither", async () => {
    const org = await makeOrg();
    const ids = { traceId: newHex(32), spanId: newHex(16), kind: CLIENT };
    const startMs = Date.now() - 2_000;
    const at = (ms: number) => ({ start: { ms, nanos: 0 }, end: { ms: ms + 5, nanos: 0 } });
    await partialSuccess(org, [callSpan({ ...ids, ...at(startMs) })]);
    expect(await partialSuccess(org, [callSpan({ ...ids, ...at(startMs + 9) })])).toBeNull();
  });
});
