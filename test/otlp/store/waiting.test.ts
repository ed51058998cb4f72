import { describe, expect, it } from "vitest";
import { settleOnce } from "#calls/pairing/settle-calls.ts";
import { pruneLinksOnce } from "#calls/store/pairing/prune-links.ts";
import "#capabilities.ts";
import type { Span } from "#formats/otlp/trace-model.ts";
import { eraseOnce } from "#orgs/store/erase.ts";
import { deleteShardOrg } from "#orgs/store/shard-orgs.ts";
import { recordTraces } from "#otlp/record-traces.ts";
import { getJson } from "../../harness/answers.ts";
import { BilledRows } from "../../harness/billed-rows.ts";
import { call, workerEnv } from "../../harness/deployment.ts";
import { LimitedD1 } from "../../harness/limited-d1.ts";
import { countRows } from "../../harness/shard-org.ts";
import { callSpan, newHex, resourceSpans } from "../http/otlp.ts";
import { chain, counted, db, newOrg, send, settle, span } from "../one-call-kit.ts";

const MINUTE_MS = 60_000;

interface Status {
  calls: Record<string, number | string | null>;
}

const statusOf = (org: string) => getJson<Status>(`/v1/orgs/${org}/observability/status`);

describe("GET …/observability/status", () => {
  it("tells what waits, what came too late, and that spans are sampled", async () => {
    const org = await newOrg();
    const none = { waiting: 0, waiting_since: null, late: 0, late_at: null, sampled_at: null };
    expect((await statusOf(org.org)).calls).toEqual(none);
    const [client, server] = chain("client", "server") as [Span, Span];
    await send(org, [client, span({ side: "client" })]);
    const since = expect.stringMatching(/^\d{4}-.*Z$/);
    expect((await statusOf(org.org)).calls).toEqual({ ...none, waiting: 2, waiting_since: since });
    await settle(org);
    await send(org, [server]);
    expect((await statusOf(org.org)).calls).toEqual({ ...none, late: 1, late_at: since });
    for (const traceState of ["ot=th:0", "vendor=ot", "ot=p:0"]) {
      await send(org, [{ ...span(), traceState }]);
      expect((await statusOf(org.org)).calls["sampled_at"]).toBeNull();
    }
    await send(org, [{ ...span(), traceState: "vendor=x,ot=th:c" }]);
    expect((await statusOf(org.org)).calls["sampled_at"]).toEqual(since);
  });
});

describe("span_mapping.caller_wait_seconds", () => {
  it("is the org's to set, from 0 to 30, and null takes it back", async () => {
    const { org } = await newOrg();
    const patch = (caller_wait_seconds: unknown) =>
      call("PATCH", `/v1/orgs/${org}`, { body: { span_mapping: { caller_wait_seconds } } });
    for (const refused of [-1, 31, 1.5, "10"]) expect((await patch(refused)).status).toBe(400);
    expect(await (await patch(10)).json()).toMatchObject({
      span_mapping: { caller_wait_seconds: 10 },
    });
    expect(await (await patch(null)).json()).toMatchObject({ span_mapping: {} });
  });
});

describe("what waits", () => {
  it("shows in the watermark, and is counted by the first read after it", async () => {
    const org = await newOrg({ span_mapping: { caller_wait_seconds: 0 } });
    await send(org, [span({ side: "client" })]);
    const { invocations } = await getJson<{ invocations: object[] }>(
      `/v1/orgs/${org.org}/invocations`,
    );
    expect(invocations).toHaveLength(1);
    const waiting = await newOrg();
    const beforeMs = Date.now();
    await send(waiting, [span({ side: "client" })]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const page = await (await call("GET", `/v1/orgs/${waiting.org}/metrics`)).text();
    const [, watermark] = /mcpg_rollup_watermark_timestamp_seconds\{[^}]*\} (\S+)/.exec(page) ?? [];
    expect(Number(watermark) * 1_000).toBeGreaterThanOrEqual(beforeMs - 1);
    expect(Number(watermark) * 1_000).toBeLessThan(Date.now() - 15);
  });

  it.each(["activity/top?by=tool", "activity/top?by=actor", "activity/top?by=instance"])(
    "is counted by %s once it is due",
    async (path) => {
      const org = await newOrg({ span_mapping: { caller_wait_seconds: 0 } });
      await send(org, [span({ side: "client" })]);
      const { total } = await getJson<{ total: { calls: number } }>(`/v1/orgs/${org.org}/${path}`);
      expect(total.calls).toBe(1);
    },
  );

  it.each([
    "activity?",
    "errors?",
    "lag?",
    "lag?tool=x",
    "activity/top?by=actor",
    "activity/compare?sel_tool=x",
  ])("is told by %s: until then all is counted, and no later", async (path) => {
    const { org, ...rest } = await newOrg();
    await send({ org, ...rest }, [span({ side: "client" })]);
    const { waiting_since } = (await statusOf(org)).calls;
    const { counted_until } = await getJson<{ counted_until: string }>(`/v1/orgs/${org}/${path}`);
    expect(counted_until).toBe(waiting_since);
  });

  it("costs three rows a request, as many when it is gone, and nothing more where servers tell of it", async () => {
    const org = await newOrg();
    const billed = new BilledRows();
    const env = { ...workerEnv, SHARD_0: billed.counting(db) };
    const clients = Array.from({ length: 100 }, () => span({ side: "client" }));
    const servers = clients.map((under) => span({ under }));
    await recordTraces(env, org, [resourceSpans(clients)], Date.now());
    // Of the org's row too: this once, and for the bytes of the spans beside.
    expect(billed.take().rowsWritten).toBe(5);
    await recordTraces(env, org, [resourceSpans(servers)], Date.now());
    expect(billed.take().rowsWritten).toBeLessThanOrEqual(104);
    await settleOnce(env, org, Date.now() + MINUTE_MS);
    expect(billed.take().rowsWritten).toBe(2);
  });

  it("costs no row in an org that has servers' spans alone", async () => {
    const org = await newOrg();
    await send(org, chain("http", "server"));
    expect(await countRows(org.org, "call_links")).toBe(0);
  });

  it("stays inside D1's limits with the calls of a collector, callers' hours apart", async () => {
    const org = await newOrg();
    const traces = Array.from({ length: 100 }, (_, instance) =>
      resourceSpans(
        Array.from({ length: 30 }, (_, index) => {
          const ms = Date.now() - ((instance * 30 + index) % 600) * 120_000 - 1_000;
          const times = { start: { ms, nanos: 0 }, end: { ms: ms + 50, nanos: 0 } };
          const ids = { spanId: newHex(16), parentSpanId: newHex(16), kind: 2 + (index % 2) };
          return callSpan({
            ...ids,
            ...times,
            attributes: { "mcp.method.name": "tools/call", "gen_ai.tool.name": "t" },
          });
        }),
        { "service.name": `pod-${instance}` },
      ),
    );
    const limited = new LimitedD1(db);
    await recordTraces({ ...workerEnv, SHARD_0: limited.database }, org, traces, Date.now());
    expect(limited.queries).toBeLessThan(500);
    for (let result = ""; result !== "empty"; ) {
      const turn = new LimitedD1(db);
      result = await settleOnce(
        { ...workerEnv, SHARD_0: turn.database },
        org,
        Date.now() + MINUTE_MS,
      );
      expect(turn.queries).toBeLessThanOrEqual(331);
    }
    expect(await counted(org)).toHaveLength(3_000);
  });

  it("leaves with its org, and the links of a quarter of an hour ago but for the newest", async () => {
    const org = await newOrg();
    for (const _ of [1, 2, 3]) await send(org, [span({ side: "client" })]);
    expect(await pruneLinksOnce(db, org.org, Date.now() + 16 * MINUTE_MS)).toBe(true);
    expect(await countRows(org.org, "call_links")).toBe(1);
    expect(await countRows(org.org, "waiting_calls")).toBe(3);
    await deleteShardOrg(db, org.org);
    while (!(await eraseOnce(db, org.org)));
    expect(await countRows(org.org, "waiting_calls")).toBe(0);
    expect(await countRows(org.org, "call_links")).toBe(0);
  });
});
