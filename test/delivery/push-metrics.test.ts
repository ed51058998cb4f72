import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runCron } from "#cron.ts";
import { deliveryJob } from "#delivery/delivery-job.ts";
import type { AnyJob } from "#platform/jobs/job.ts";
import { requireStatus } from "../harness/answers.ts";
import { ingest, makeSample } from "../harness/calls.ts";
import { call, workerEnv } from "../harness/deployment.ts";
import { makeOrg } from "../harness/orgs.ts";
import { readPushed } from "./read-pushed.ts";
import { type Received, receiver, unzipped } from "./receiver.ts";

const MINUTE_MS = 60_000;
const OTLP = { endpoint: "https://otel.example.com:4318/base", headers: { "api-key": "k3y" } };

beforeEach(() => {
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await workerEnv.DIRECTORY.prepare("DELETE FROM observability").run();
});

async function pushingOrg(otlp: unknown = OTLP): Promise<string> {
  const org = await makeOrg();
  const body = { metrics: { otlp } };
  await requireStatus(200, call("PUT", `/v1/orgs/${org}/observability`, { body }));
  return org;
}

interface MetricsDelivery {
  delivered_at: string | null;
  failures: number;
  last_error: string | null;
  retry_at: string | null;
}

async function deliveryOf(org: string): Promise<MetricsDelivery> {
  const answer = await requireStatus(200, call("GET", `/v1/orgs/${org}/observability/status`));
  return ((await answer.json()) as { metrics: MetricsDelivery }).metrics;
}

/** Name and labels → value, of every line of a scrape but for buckets and quantiles. */
async function scraped(org: string): Promise<Map<string, number>> {
  const text = await (await call("GET", `/v1/orgs/${org}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const values = lines.map((line): [string, number] => {
    const at = line.lastIndexOf(" ");
    return [line.slice(0, at), Number(line.slice(at + 1))];
  });
  return new Map(values.filter(([name]) => !/_bucket|latency_ms|watermark/.test(name)));
}

function pushed(received: readonly Received[]): Map<string, number> {
  return new Map(received.flatMap((one) => [...readPushed(unzipped(one)).values]));
}

describe("Metrics push", () => {
  it("says what a scrape says, in OTLP: cumulative since the org's creation, all at one time", async () => {
    const { received } = receiver();
    const org = await pushingOrg();
    const outcomes = ["ok", "server_error", "idempotent_replay", "policy_denied"];
    const samples = Array.from({ length: 200 }, (_, at) =>
      makeSample({ tool: `t${at % 7}`, duration_ms: at * 3.7, outcome: outcomes[at % 4] }),
    );
    await ingest(org, samples, { epoch: Date.now(), seq: 0, dropped: 3 });
    await runCron(workerEnv, Date.now());
    expect(received.map(({ url }) => url)).toEqual([`${OTLP.endpoint}/v1/metrics`]);
    expect(received[0]?.headers.get("content-type")).toBe("application/x-protobuf");
    expect(received[0]?.headers.get("content-encoding")).toBe("gzip");
    expect(received[0]?.headers.get("api-key")).toBe("k3y");
    const scrape = await scraped(org);
    expect([...pushed(received)].sort()).toEqual([...scrape].sort());
    expect(scrape.size).toBeGreaterThan(7 * 10);
    const { problems, starts, times, temporalities } = readPushed(unzipped(received[0]!));
    const created = await workerEnv.DIRECTORY.prepare(
      "SELECT created_at_ms FROM orgs WHERE org = ?1",
    )
      .bind(org)
      .first<number>("created_at_ms");
    expect(starts).toEqual(new Set([created]));
    expect(problems).toEqual([]);
    expect(times.size).toBe(1);
    expect(temporalities).toEqual(new Set([2]));
    expect(await deliveryOf(org)).toMatchObject({ failures: 0, last_error: null, retry_at: null });
  });

  it("counts what was acknowledged a moment before it, though no tick has folded it", async () => {
    const { received } = receiver();
    const org = await pushingOrg();
    await ingest(org, [makeSample(), makeSample()]);
    await runCron(workerEnv, Date.now(), undefined, [deliveryJob as AnyJob]);
    const says = pushed(received);
    const calls = [...says].filter(([series]) => series.startsWith("mcpg_tool_calls_total{"));
    expect(calls.map(([, value]) => value)).toEqual([2]);
    expect([...says].sort()).toEqual([...(await scraped(org))].sort());
  });

  it("splits thousands of series into requests, of which none has a point of another", async () => {
    const { received } = receiver();
    const org = await pushingOrg();
    for (let batch = 0; batch < 2; batch++) {
      const samples = Array.from({ length: 1_000 }, (_, at) =>
        makeSample({ tool: `t${batch * 1_000 + at}` }),
      );
      await ingest(org, samples);
    }
    await runCron(workerEnv, Date.now());
    expect(received.length).toBeGreaterThan(1);
    const points = received.flatMap((one) => [...readPushed(unzipped(one)).values.keys()]);
    expect(new Set(points).size).toBe(points.length);
    expect([...pushed(received)].sort()).toEqual([...(await scraped(org))].sort());
    const times = received.flatMap((one) => [...readPushed(unzipped(one)).times]);
    expect(new Set(times).size).toBe(1);
  });

  it("comes once a minute, though ticks come twice, and starts each series where it did", async () => {
    const { received } = receiver();
    const org = await pushingOrg();
    await ingest(org, [makeSample()]);
    await Promise.all([runCron(workerEnv, Date.now()), runCron(workerEnv, Date.now())]);
    await runCron(workerEnv, Date.now());
    expect(received).toHaveLength(1);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + MINUTE_MS });
    await ingest(org, [makeSample({ tool: "new" })]);
    await runCron(workerEnv, Date.now());
    expect(received).toHaveLength(2);
    const [first, second] = received.map((one) => readPushed(unzipped(one)).starts);
    expect(second).toEqual(first);
  });

  it("is tried again at once where that may help, and says what stood in its way", async () => {
    const statuses = [503, 429, 200];
    const { received } = receiver(
      (_, index) => new Response(null, { status: statuses[index] ?? 200 }),
    );
    const org = await pushingOrg();
    await runCron(workerEnv, Date.now());
    expect(received).toHaveLength(3);
    expect(await deliveryOf(org)).toMatchObject({ failures: 0, last_error: null });
  });

  it("is not tried again at once where that cannot help", async () => {
    const { received } = receiver(() => new Response("<html>", { status: 400 }));
    const org = await pushingOrg();
    await runCron(workerEnv, Date.now());
    expect(received).toHaveLength(1);
    expect(await deliveryOf(org)).toMatchObject({ failures: 1, last_error: "answered 400" });
  });

  it("tells of points that the receiver rejected, and takes a garbled answer for a good one", async () => {
    const partial = new Uint8Array([0x0a, 0x02, 0x08, 0x05]);
    const json = '{"partialSuccess":{"rejectedDataPoints":"7"}}';
    const answers = [
      () => new Response(partial),
      () => new Response(json, { headers: { "content-type": "application/json" } }),
      () => new Response(new Uint8Array([0xff, 0xff, 0xff])),
    ];
    receiver((_, index) => answers[index]?.() ?? new Response(null));
    const org = await pushingOrg();
    await runCron(workerEnv, Date.now());
    expect((await deliveryOf(org)).last_error).toBe("rejected 5 data points");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + MINUTE_MS });
    await runCron(workerEnv, Date.now());
    expect((await deliveryOf(org)).last_error).toBe("rejected 7 data points");
    vi.setSystemTime(Date.now() + MINUTE_MS);
    await runCron(workerEnv, Date.now());
    expect((await deliveryOf(org)).last_error).toBeNull();
  });

  it("stops where metrics are disabled, or go nowhere", async () => {
    const { received } = receiver();
    const org = await pushingOrg(null);
    await runCron(workerEnv, Date.now());
    const path = `/v1/orgs/${org}/observability`;
    const body = { metrics: { enabled: false, otlp: OTLP } };
    await requireStatus(200, call("PUT", path, { body }));
    await runCron(workerEnv, Date.now());
    expect(received).toEqual([]);
  });

  it("leaves nothing of a deleted org behind", async () => {
    receiver();
    const org = await pushingOrg();
    await runCron(workerEnv, Date.now());
    await call("DELETE", `/v1/orgs/${org}`);
    await runCron(workerEnv, Date.now());
    const left = "SELECT count(*) AS n FROM stream_deliveries WHERE org = ?1";
    expect(await workerEnv.SHARD_0.prepare(left).bind(org).first("n")).toBe(0);
  });
});
