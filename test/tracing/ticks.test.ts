import { exports } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { jobs } from "#capabilities.ts";
import type { JobRun } from "#cron.ts";
import { SPAN_KIND, STATUS_CODE } from "#formats/otlp/trace-model.ts";
import type { TraceContext } from "#formats/trace-context/trace-context.ts";
import type { Job } from "#platform/jobs/job.ts";
import { runInSpan } from "#tracing/active-span.ts";
import { tracer } from "#tracing/isolate-tracer.ts";
import { traceTick } from "#tracing/trace-tick.ts";
import { currentContext } from "#tracing/traced-fetch.ts";
import { workerEnv } from "../harness/deployment.ts";
import { runOnce } from "../harness/in-process.ts";
import { exportedTo, TracedApp } from "./traced-app.ts";

async function tick(traced: TracedApp, work: Parameters<typeof traceTick>[2]): Promise<unknown> {
  const after: Promise<unknown>[] = [];
  const ctx = { waitUntil: (promise: Promise<unknown>) => void after.push(promise) };
  const failure = await traceTick(
    traced.tracer,
    { env: workerEnv, ctx, name: "cron tick" as const, cron: "* * * * *" },
    work,
  )
    .then(() => null)
    .catch((error: unknown) => error);
  await Promise.all(after);
  return failure;
}

describe("A tick of the cron", () => {
  it("is a trace of its own, with its jobs and their calls below it", async () => {
    const traced = new TracedApp();
    const fold: Job<string> = {
      name: "fold",
      share: 1,
      queries: 1,
      list: async () => ["acme"],
      subjectOf: (org) => org,
      async step({ env }) {
        await env.DIRECTORY.prepare("SELECT 1 FROM orgs").all();
        return "done";
      },
    };
    await tick(traced, (env) => runOnce(env, fold, ["acme"]));
    const [root, job, query] = traced.spans;
    expect(root).toMatchObject({ name: "cron tick", kind: SPAN_KIND.internal, parentSpanId: null });
    expect(job).toMatchObject({ name: "fold", parentSpanId: root?.spanId });
    expect(job?.attributes.get("mcpg.job.subject")).toBe("acme");
    expect(query).toMatchObject({ name: "SELECT orgs", parentSpanId: job?.spanId });
  });

  it("that fails is exported out of the sample too, and fails as it would without tracing", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const traced = new TracedApp({ traces: exportedTo(0) });
    const failure = new Error("cron: 2 steps failed");
    expect(await tick(traced, () => Promise.reject(failure))).toBe(failure);
    expect(traced.spans.map(({ status }) => status.code)).toEqual([STATUS_CODE.error]);
    await tick(traced, async () => undefined);
    expect(traced.spans).toHaveLength(1);
    vi.restoreAllMocks();
  });
});

describe("A run of a job", () => {
  it("is a trace of its own, in an invocation of its own, whichever job it is of", async () => {
    const begun = vi.spyOn(tracer, "begin");
    const nowMs = Date.now();
    const terms = { shard: "SHARD_0", nowMs, overMs: nowMs, items: [], goesOn: true };
    const { JobRun: entrypoint } = exports as unknown as { JobRun: Pick<JobRun, "run"> };
    for (const { name } of jobs) await entrypoint.run({ job: name, ...terms });
    const names = begun.mock.calls.map(([{ describe }]) => describe().name);
    expect(names).toEqual(jobs.map(({ name }) => `run ${name}`));
    vi.restoreAllMocks();
  });
});

describe("A call over MCP, as the gateway traces it", () => {
  const meta: TraceContext = {
    traceId: "c".repeat(32),
    spanId: "d".repeat(16),
    sampled: true,
    random: true,
    tracestate: [],
  };

  it("is in the trace that _meta names, with a link to the HTTP request's", async () => {
    const traced = new TracedApp();
    traced.app.post("/mcp", async (c) => {
      const link = await currentContext();
      const owner = { env: c.env, org: () => null, isTrusted: () => true, isServed: () => true };
      const describe = () => ({
        name: "tools/call list_repos",
        kind: SPAN_KIND.server,
        attributes: new Map(),
      });
      const call = traced.tracer.begin({ received: meta, link, describe, nowMs: 1, owner });
      const sent = await runInSpan(call.root, () => currentContext());
      call.end(2);
      c.executionCtx.waitUntil(traced.tracer.finish(call, owner));
      return c.json({ traceId: sent?.traceId });
    });
    const response = await traced.request("/mcp", { method: "POST" });
    expect(await response.json()).toEqual({ traceId: meta.traceId });
    const called = traced.spans.find(({ name }) => name.startsWith("tools/call"));
    const http = traced.spans.find(({ name }) => name === "POST /mcp");
    expect(called).toMatchObject({ traceId: meta.traceId, parentSpanId: meta.spanId });
    const bodies = traced.collector.requests.map(({ body }) => Buffer.from(body).toString("hex"));
    // Its own id, and the link to it.
    expect(bodies.join("").split(http?.spanId ?? "none").length - 1).toBe(2);
  });
});
