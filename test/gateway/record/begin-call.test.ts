import { describe, expect, it, vi } from "vitest";
import { beginCall, refuseCall } from "#gateway/record/begin-call.ts";
import { requireStatus } from "../../harness/answers.ts";
import { metricSum, scrape } from "../../harness/calls.ts";
import { call, workerEnv } from "../../harness/deployment.ts";
import {
  ALLOWED,
  AnsweredRequest,
  begin,
  callOnce,
  DENIED,
  entriesOf,
  inObject,
  leftIn,
  makeEnd,
  makeStart,
  newOrg,
  ring,
  samplesOf,
} from "./gateway-calls.ts";

describe("A call through the gateway", () => {
  it("is one decision on record before it is begun, and one completion and one sample after, by one id", async () => {
    const org = await newOrg();
    const request = new AnsweredRequest();
    const call = await begin(org, { startedAtMs: Date.now() - 80 }, request);
    const { id, startedAtMs } = call.start;
    const [decision, ...others] = await entriesOf(org);
    expect(others).toEqual([]);
    expect(decision).toMatchObject({
      action: "tool.call.allowed",
      actor: "user:alice@acme",
      event_id: id,
      instance_id: null,
      invocation_id: id,
      outcome: "allowed",
      recorded_by: "operator:gateway",
      request_id: "http-1",
      target: "tool://github/list_repos",
      trace_id: "0af7651916cd43dd8448eb211c80319c",
      workspace: "prod",
      details: { decision_id: id, policies: "", policy_set: "none", reason: "no_policy_set" },
    });
    expect(await samplesOf(org)).toEqual([]);
    call.end(makeEnd({ endedAtMs: startedAtMs + 80 }));
    await request.done();
    await ring(org);
    const [, completion, ...more] = await entriesOf(org);
    expect(more).toEqual([]);
    expect(completion).toMatchObject({
      action: "tool.call.completed",
      actor: "user:alice@acme",
      invocation_id: id,
      outcome: "allowed",
      recorded_by: "operator:gateway",
      target: "tool://github/list_repos",
      details: { decision_id: id, duration_ms: "80", error_code: null, outcome: "ok" },
    });
    expect(await samplesOf(org)).toMatchObject([
      {
        ...{ id, workspace: "prod", plugin: "github", tool: "list_repos", outcome: "ok" },
        ...{ actor: "user:alice@acme", session_id: "session-1", request_id: "7", duration_ms: 80 },
        ...{ trace_id: call.start.traceId, span_id: call.start.spanId },
        ...{ parent_span_id: call.start.parentSpanId, request_bytes: 120, response_bytes: 900 },
        ...{ instance_id: "gateway", error_code: null },
      },
    ]);
    expect(await leftIn(org)).toEqual({ open: 0, ended: 0 });
  });

  it("is in the figures within a second of its end, without an alarm or a tick", async () => {
    const org = await newOrg();
    await callOnce(org);
    const calls = async () => metricSum(await scrape(org.org), "mcpg_tool_calls_total");
    await vi.waitFor(async () => expect(await calls()).toBe(1), 1_000);
  });

  it("ends once, whoever says it how often", async () => {
    const org = await newOrg();
    const request = new AnsweredRequest();
    const begun = await begin(org, {}, request);
    begun.end(makeEnd());
    begun.end(makeEnd({ outcome: "server_error", errorCode: "upstream_reset" }));
    await request.done();
    await ring(org);
    expect((await entriesOf(org)).map(({ details }) => details["outcome"])).toEqual([
      undefined,
      "ok",
    ]);
    expect((await samplesOf(org)).map(({ outcome }) => outcome)).toEqual(["ok"]);
  });

  it("that failed is completed with an error, and its code", async () => {
    const org = await newOrg();
    await callOnce(org, { outcome: "client_error", errorCode: "-32602" });
    const completion = (await entriesOf(org))[1];
    expect(completion).toMatchObject({
      outcome: "error",
      details: { error_code: "-32602", outcome: "client_error" },
    });
    expect(await samplesOf(org)).toMatchObject([{ outcome: "client_error", error_code: "-32602" }]);
  });

  it("that is refused has a decision and a sample, and no completion", async () => {
    const org = await newOrg();
    const start = makeStart();
    const sample = { outcome: "policy_denied", errorCode: "policy_denied" } as const;
    await refuseCall(workerEnv, new AnsweredRequest(), org, start, DENIED, sample);
    await ring(org);
    expect(await entriesOf(org)).toMatchObject([
      {
        action: "tool.call.denied",
        outcome: "denied",
        event_id: start.id,
        details: { policies: "no-writes,no-deletes", policy_set: "5ce7", reason: "forbidden" },
      },
    ]);
    expect(await samplesOf(org)).toMatchObject([
      { id: start.id, outcome: "policy_denied", error_code: "policy_denied" },
    ]);
    expect(await leftIn(org)).toEqual({ open: 0, ended: 0 });
  });

  it("of a resource or a prompt has a decision alone", async () => {
    const org = await newOrg();
    const request = new AnsweredRequest();
    for (const method of ["resources/read", "prompts/get"] as const) {
      const begun = await begin(org, { method, target: "resource://github" }, request);
      begun.end(makeEnd());
    }
    await request.done();
    await ring(org);
    const actions = (await entriesOf(org)).map(({ action }) => action);
    expect(actions).toEqual(["resource.read.allowed", "prompt.get.allowed"]);
    expect(await samplesOf(org)).toEqual([]);
    expect(await leftIn(org)).toEqual({ open: 0, ended: 0 });
  });

  it("names the token that a caller with another name came by", async () => {
    const org = await newOrg();
    await begin(org, { actor: "service:bot", tokenId: "0123456789abcdef" });
    await begin(org, { actor: "service:0123456789abcdef", tokenId: "0123456789abcdef" });
    const tokens = (await entriesOf(org)).map(({ details }) => details["mcpg.token_id"]);
    expect(tokens).toEqual(["0123456789abcdef", undefined]);
  });

  it("keeps its entry and its sample whatever its caller said of itself", async () => {
    const org = await newOrg();
    const long = "\ud800x\u0000é\n".repeat(1_000);
    const request = new AnsweredRequest();
    const fields = { tool: long, target: long, actor: long, sessionId: long, requestId: long };
    const ids = { traceId: "0".repeat(32), spanId: "none", parentSpanId: "", httpRequestId: long };
    const begun = await begin(org, { ...fields, ...ids, requestBytes: Number.NaN }, request);
    begun.end(makeEnd({ endedAtMs: begun.start.startedAtMs - 5 }));
    await request.done();
    await ring(org);
    expect(await entriesOf(org)).toHaveLength(2);
    expect(await samplesOf(org)).toMatchObject([
      { id: begun.start.id, tool: "__unknown__", trace_id: null, duration_ms: 0, request_bytes: 0 },
    ]);
  });

  it("is not begun where its log takes nothing, and leaves nothing", async () => {
    const org = await newOrg();
    await begin(org);
    const ledger = workerEnv.LEDGER.getByName(`${org.org}/1`) as unknown as {
      freeze(address: unknown, reason: string): Promise<unknown>;
    };
    await ledger.freeze({ org: org.org, log: 1, shard: org.shard }, "by the test");
    const attempt = beginCall(workerEnv, new AnsweredRequest(), org, makeStart(), ALLOWED);
    await expect(attempt).rejects.toMatchObject({ failure: { kind: "ledger_frozen" } });
    expect(await leftIn(org)).toEqual({ open: 1, ended: 0 });
  });

  it("has a sample and no entries while the audit stream is disabled, and of resources both go on", async () => {
    const org = await newOrg();
    const body = { audit: { enabled: false } };
    await requireStatus(200, call("PUT", `/v1/orgs/${org.org}/observability`, { body }));
    const id = await callOnce(org);
    await begin(org, { method: "resources/read" });
    await ring(org);
    expect((await entriesOf(org)).map(({ action }) => action)).toEqual(["resource.read.allowed"]);
    expect((await samplesOf(org)).map((sample) => sample.id)).toEqual([id]);
  });

  it("has entries and no sample while the metrics stream is disabled", async () => {
    const org = await newOrg();
    const body = { metrics: { enabled: false } };
    await requireStatus(200, call("PUT", `/v1/orgs/${org.org}/observability`, { body }));
    await callOnce(org);
    await ring(org);
    expect(await entriesOf(org)).toHaveLength(2);
    expect(await samplesOf(org)).toEqual([]);
    expect(await leftIn(org)).toEqual({ open: 0, ended: 0 });
  });
});

describe("Calls that are decided at once", () => {
  it("share an append, each under its own id, and one that is refused costs the others nothing", async () => {
    const org = await newOrg();
    const first = await begin(org);
    const twice = { id: first.start.id, actor: "user:mallory" };
    const attempts = Array.from({ length: 40 }, (_, at) =>
      begin(org, at === 20 ? twice : {}, new AnsweredRequest()).catch(() => null),
    );
    const begun = (await Promise.all(attempts)).flatMap((one) => one?.start.id ?? []);
    expect(begun).toHaveLength(39);
    const decided = (await entriesOf(org)).map(({ event_id }) => event_id);
    expect(decided.toSorted()).toEqual([first.start.id, ...begun].toSorted());
    const together = Array.from({ length: 40 }, () => begin(org));
    await Promise.all(together);
    const appends = await inObject(org, (sql) =>
      sql
        .exec<{ n: number }>(
          "SELECT count(*) AS n FROM entries WHERE begins_append = 1 AND seq > (SELECT max(seq) FROM entries) - 40",
        )
        .one(),
    );
    expect(appends.n).toBeLessThan(20);
    expect(await leftIn(org)).toEqual({ open: 80, ended: 0 });
  });
});

describe("The gateway's instance", () => {
  it("is one, and not taken for silent while it has no calls", async () => {
    const org = await newOrg();
    await callOnce(org);
    await callOnce(org);
    await ring(org);
    const page = await scrape(org.org);
    expect(metricSum(page, "mcpg_tool_calls_total")).toBe(2);
    expect(page).not.toContain("mcpg_instance_last_report_timestamp_seconds{");
  });
});
