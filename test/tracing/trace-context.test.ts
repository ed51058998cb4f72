import { afterEach, describe, expect, it, vi } from "vitest";
import { app } from "#app.ts";
import { decodeTraces, isDecodeError } from "#formats/otlp/decode-traces.ts";
import { SPAN_KIND, type Span } from "#formats/otlp/trace-model.ts";
import { findSpans } from "#otlp/store/spans.ts";
import type { Env } from "#platform/env.ts";
import { ADMIN_TOKEN, call, workerEnv } from "../harness/deployment.ts";
import { createToken, makeOrg } from "../harness/orgs.ts";

const PARENT = "b7ad6b7169203331";

afterEach(() => vi.restoreAllMocks());

function newTrace(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex");
}

function envSending(traces: object): Env {
  return { ...workerEnv, OBSERVABILITY: JSON.stringify({ traces }) } as Env;
}

const COLLECTOR = { endpoint: "https://collector.test", headers: { "x-key": "1" }, sample_rate: 1 };

/** The answer, and the spans that its request exported by the time all work after it was done. */
async function exported(path: string, env: Env, headers: Record<string, string> = {}) {
  const spans: Span[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (sent) => {
    const body = new Uint8Array(await (sent as Request).arrayBuffer());
    const traces = decodeTraces(body, "protobuf");
    if (isDecodeError(traces)) throw new Error("no OTLP");
    for (const { scopeSpans } of traces) spans.push(...scopeSpans.flatMap((scope) => scope.spans));
    return new Response();
  });
  const work: Promise<unknown>[] = [];
  const ctx = { waitUntil: (promise: Promise<unknown>) => void work.push(promise) };
  const request = new Request(`https://mcpg.test${path}`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, ...headers },
  });
  const response = await app.fetch(request, env, ctx as unknown as ExecutionContext);
  await Promise.all(work);
  return { response, spans };
}

describe("A request to an org in a sampled trace", () => {
  it("is kept for the drill-down, in the org's shard, without anything else being set up", async () => {
    const org = await makeOrg();
    const traceId = newTrace();
    const headers = { traceparent: `00-${traceId}-${PARENT}-01` };
    const { response } = await exported(`/v1/orgs/${org}/instances`, workerEnv, headers);
    expect(response.status).toBe(200);
    const times = { fromMs: Date.now() - 60_000, toMs: Date.now() + 60_000 };
    const spans = await findSpans(workerEnv.SHARD_0, org, traceId, times);
    const root = spans.find(({ kind }) => kind === SPAN_KIND.server);
    expect(root).toMatchObject({ name: "GET /v1/orgs/:org/instances", parentSpanId: PARENT });
    expect(spans.some(({ kind }) => kind === SPAN_KIND.client)).toBe(true);
  });

  it("is exported with its org to where the deployment says", async () => {
    const org = await makeOrg();
    const traceId = newTrace();
    const headers = { traceparent: `00-${traceId}-${PARENT}-01` };
    const env = envSending({ enabled: true, otlp: COLLECTOR });
    const { spans } = await exported(`/v1/orgs/${org}/instances`, env, headers);
    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
    const root = spans.find(({ kind }) => kind === SPAN_KIND.server);
    expect(root?.attributes.get("mcpg.org")).toBe(org);
  });

  it("joins it though the token may not do what it asks", async () => {
    const org = await makeOrg();
    const { token } = await createToken(org, ["telemetry:read"]);
    const traceId = newTrace();
    const env = envSending({ enabled: true, otlp: COLLECTOR });
    const { response, spans } = await exported(`/v1/orgs/${org}/service-tokens`, env, {
      authorization: `Bearer ${token}`,
      traceparent: `00-${traceId}-${PARENT}-01`,
    });
    expect(response.status).toBe(403);
    const root = spans.find(({ kind }) => kind === SPAN_KIND.server);
    expect(root?.traceId).toBe(traceId);
    expect(root?.attributes.get("mcpg.org")).toBe(org);
  });
});

describe("A stranger's trace", () => {
  it("is not joined: what he sent is only a link", async () => {
    const traceId = newTrace();
    const env = envSending({ enabled: true, otlp: COLLECTOR });
    const { response, spans } = await exported("/v1/orgs/default/instances", env, {
      authorization: "Bearer wrong-token-of-a-stranger",
      traceparent: `00-${traceId}-${PARENT}-01`,
    });
    expect(response.status).toBe(401);
    expect(spans).toHaveLength(1);
    expect(spans[0]?.traceId).not.toBe(traceId);
  });
});

describe("A disabled traces stream", () => {
  it("of an org exports nothing of it, not even a refusal, though the deployment's is on", async () => {
    const org = await makeOrg();
    const { token } = await createToken(org, ["telemetry:read"]);
    const body = { traces: { enabled: false } };
    expect((await call("PUT", `/v1/orgs/${org}/observability`, { body })).status).toBe(200);
    const env = envSending({ enabled: true, otlp: COLLECTOR });
    for (const path of ["instances", "service-tokens"]) {
      const headers = { authorization: `Bearer ${token}` };
      const { spans } = await exported(`/v1/orgs/${org}/${path}`, env, headers);
      expect(spans).toHaveLength(0);
    }
  });

  it("exports and keeps nothing", async () => {
    const org = await makeOrg();
    const traceId = newTrace();
    const env = envSending({ enabled: false, otlp: COLLECTOR });
    const headers = { traceparent: `00-${traceId}-${PARENT}-01` };
    const { spans } = await exported(`/v1/orgs/${org}/instances`, env, headers);
    expect(spans).toHaveLength(0);
    const times = { fromMs: Date.now() - 60_000, toMs: Date.now() + 60_000 };
    expect(await findSpans(workerEnv.SHARD_0, org, traceId, times)).toHaveLength(0);
  });
});

it("Headers that nobody should send cost no request its answer", async () => {
  const bad = [
    "",
    "00",
    "00-zz-zz-zz",
    `00-${"0".repeat(32)}-${PARENT}-01`,
    `ff-${newTrace()}-${PARENT}-01`,
    `00-${newTrace()}-${PARENT}-01, 00-${newTrace()}-${PARENT}-01`,
    "x".repeat(10_000),
  ];
  for (const traceparent of bad) {
    const headers = { traceparent, tracestate: `a=${"b".repeat(600)},,,=,x` };
    expect((await call("GET", "/healthz", { headers })).status).toBe(200);
  }
});
