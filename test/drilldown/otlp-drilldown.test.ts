import { describe, expect, it } from "vitest";
import type { Span } from "#formats/otlp/trace-model.ts";
import { getJson } from "../harness/answers.ts";
import { ingest, makeSample } from "../harness/calls.ts";
import { call, workerEnv } from "../harness/deployment.ts";
import { newId } from "../harness/new-id.ts";
import { makeOrg } from "../harness/orgs.ts";
import {
  ATTRIBUTES,
  CLIENT,
  callSpan,
  newHex,
  otherSpan,
  partialSuccess,
  RESOURCE,
  resourceSpans,
  SERVER,
  sendTraces,
} from "../otlp/http/otlp.ts";
import { traceOf } from "./call-trace.ts";

/** `ms` after the call's start, for `durationMs`. */
function child(of: Span, name: string, atMs: number, durationMs: number, given: object = {}): Span {
  const start = { ms: of.start.ms + atMs, nanos: 250_000 };
  const end = { ms: start.ms + durationMs, nanos: 750_000 };
  return otherSpan(of, { name, start, end, parentSpanId: of.spanId, kind: 1, ...given });
}

async function idOf(org: string, span: Span): Promise<string> {
  const query = `?trace_id=${span.traceId}`;
  const { invocations } = await getJson<{ invocations: { id: string; span_id: string }[] }>(
    `/v1/orgs/${org}/invocations${query}`,
  );
  return invocations.find(({ span_id }) => span_id === span.spanId)?.id ?? "";
}

const countSpanRows = (org: string) =>
  workerEnv.SHARD_0.prepare("SELECT count(*) AS n FROM spans WHERE org = ?1")
    .bind(org)
    .first<number>("n");

describe("GET /v1/orgs/{org}/invocations/{id}/trace", () => {
  it("shows the stages that a gateway's spans are marked with, in their real timings", async () => {
    const org = await makeOrg();
    const span = callSpan();
    const stages = ["identity", "policy", "dispatch"].map((stage, index) =>
      child(span, stage, index * 10, 5, { attributes: { "mcpg.stage": stage, secret: "x" } }),
    );
    await partialSuccess(org, [span, ...stages]);
    const trace = await traceOf(org, await idOf(org, span));
    for (const [index, stage] of (["identity", "policy", "dispatch"] as const).entries()) {
      expect(trace[stage]).toMatchObject({
        span_id: stages[index]?.spanId,
        started_at: new Date(span.start.ms + index * 10).toISOString(),
        duration_ms: 5.5,
        found_by: "stage",
      });
    }
    expect(trace.identity).toMatchObject({ actor: "alice@acme", instance_id: "gw-1" });
    expect(trace.dispatch).toMatchObject({ plugin: "github", tool: "list_repos", outcome: "ok" });
    expect(trace.spans.map(({ name }) => name)).toEqual([
      "tools/call list_repos",
      "identity",
      "policy",
      "dispatch",
    ]);
    expect(trace.spans[1]).toMatchObject({
      parent_span_id: span.spanId,
      kind: "internal",
      service: "github",
      offset_ms: 0.25,
      duration_ms: 5.5,
      status: "unset",
      attributes: { "mcpg.stage": "identity" },
      invocation_id: null,
    });
    expect(trace.spans[0]?.["invocation_id"]).toBe(await idOf(org, span));
  });

  it("finds the stages of one call among those of others in its trace", async () => {
    const org = await makeOrg();
    const traceId = newHex(32);
    const calls = [callSpan({ traceId }), callSpan({ traceId }), callSpan({ traceId })];
    const policies = calls.map((span) =>
      child(span, "policy", 1, 2, { attributes: { "mcpg.stage": "policy" } }),
    );
    await partialSuccess(org, [...policies, ...calls]);
    for (const [index, span] of calls.entries()) {
      const trace = await traceOf(org, await idOf(org, span));
      expect(trace.policy.span_id).toBe(policies[index]?.spanId);
      expect(trace.spans).toHaveLength(6);
    }
  });

  it("takes them from parent and child where no gateway of ours marked them", async () => {
    const org = await makeOrg();
    const ingress = callSpan({ attributes: { "http.route": "/mcp" }, name: "POST /mcp" });
    const { traceId } = ingress;
    const span = callSpan({ traceId, parentSpanId: ingress.spanId });
    const guardrail = child(span, "run_guardrail pii", 1, 2, {
      attributes: { "gen_ai.guardrail.verdict.type": "allow" },
    });
    const short = child(span, "GET /token", 4, 1, { kind: CLIENT });
    const upstream = child(span, "GET /repos", 5, 40, { kind: CLIENT });
    await partialSuccess(org, [ingress, guardrail, short, upstream, span]);
    const trace = await traceOf(org, await idOf(org, span));
    expect(trace.identity).toMatchObject({ span_id: ingress.spanId, found_by: "parent" });
    expect(trace.policy).toMatchObject({ span_id: guardrail.spanId, found_by: "child" });
    expect(trace.dispatch).toMatchObject({ span_id: upstream.spanId, found_by: "child" });
  });

  it("shows a call's two spans, whichever was counted, and each span once though it was sent again", async () => {
    const org = await makeOrg();
    const client = callSpan({ kind: CLIENT });
    const { traceId, spanId } = client;
    const server = callSpan({ traceId, parentSpanId: spanId, kind: SERVER });
    const agent = { ...RESOURCE, "service.name": "agent", "service.instance.id": "agent-1" };
    for (let copy = 0; copy < 2; copy += 1) {
      await sendTraces(org, [resourceSpans([client], agent)]);
      await sendTraces(org, [resourceSpans([server])]);
    }
    const trace = await traceOf(org, await idOf(org, server));
    expect(trace.spans.map((span) => [span.span_id, span["kind"], span["service"]])).toEqual(
      expect.arrayContaining([
        [client.spanId, "client", "agent"],
        [server.spanId, "server", "github"],
      ]),
    );
    expect(trace.spans).toHaveLength(2);
    expect(trace.dispatch).toMatchObject({ span_id: server.spanId, found_by: "call" });
    expect(await countSpanRows(org)).toBe(1);
  });

  it("shows a sample's own call where nothing else is known of it", async () => {
    const org = await makeOrg();
    const sample = makeSample({ outcome: "policy_denied", error_code: "DENIED" });
    await ingest(org, [sample]);
    const trace = await traceOf(org, String(sample["id"]));
    expect(trace).toMatchObject({
      identity: { actor: null, found_by: null },
      policy: { decision: null, seq: null, found_by: null },
      dispatch: { outcome: "policy_denied", duration_ms: 84.2, found_by: "call", span_id: null },
      audit: [],
      spans: [],
    });
  });

  it("does not answer for another org, nor for a call that is not there", async () => {
    const [org, stranger] = [await makeOrg(), await makeOrg()];
    const span = callSpan();
    await partialSuccess(org, [span, otherSpan(span)]);
    await partialSuccess(stranger, [callSpan({ traceId: span.traceId })]);
    const id = await idOf(org, span);
    expect((await call("GET", `/v1/orgs/${stranger}/invocations/${id}/trace`)).status).toBe(404);
    expect((await call("GET", `/v1/orgs/${org}/invocations/${newId()}/trace`)).status).toBe(404);
    expect((await call("GET", `/v1/orgs/${org}/invocations/x/trace`)).status).toBe(404);
    expect((await traceOf(org, id)).spans).toHaveLength(2);
  });

  it("keeps neither messages nor attributes that may quote what a tool was sent", async () => {
    const org = await makeOrg();
    const span = callSpan();
    const attributes = { "gen_ai.tool.call.arguments": "hunter2", "error.type": "timeout" };
    const status = { code: 2, message: "hunter2" };
    const long = "x".repeat(5_000);
    await partialSuccess(org, [span, otherSpan(span, { attributes, status, name: long })]);
    const { results } = await workerEnv.SHARD_0.prepare("SELECT * FROM spans WHERE org = ?1")
      .bind(org)
      .all();
    expect(JSON.stringify(results)).not.toContain("hunter2");
    const { spans } = await traceOf(org, await idOf(org, span));
    const other = spans.find(({ name }) => name.startsWith("x"));
    expect(other).toMatchObject({ status: "error", attributes: { "error.type": "timeout" } });
    expect(other?.name).toHaveLength(128);
  });

  it("writes a row a request for the spans beside its calls, and none for the calls", async () => {
    const org = await makeOrg();
    const spans = Array.from({ length: 200 }, () => callSpan());
    await partialSuccess(org, spans);
    expect(await countSpanRows(org)).toBe(0);
    const more = Array.from({ length: 200 }, () => callSpan({ attributes: ATTRIBUTES }));
    await partialSuccess(org, [...more, ...more.map((span) => otherSpan(span))]);
    // Two where the ten minutes that a row may span end in between.
    expect(await countSpanRows(org)).toBeLessThanOrEqual(2);
    expect((await traceOf(org, await idOf(org, more[9]!))).spans).toHaveLength(2);
  });
});
