/** Totals pushed as OTLP metrics are those of a scrape, though the receiver fails in between. */
import { gunzipSync } from "node:zlib";
import { readPushed } from "../../delivery/read-pushed.ts";
import type { Runtime } from "../../harness/runtime.ts";
import type { Checks } from "../checks.ts";
import type { Batch, Sink } from "./sink.ts";

const ORG = "pushed";
const TOOLS = 700;
const SAMPLES = 1_000;
const REPORTS = 6;
const TICKS_MAX = 20;

export async function runPushing(runtime: Runtime, sink: Sink, checks: Checks): Promise<void> {
  await runtime.makeOrg(ORG);
  const otlp = { endpoint: sink.url, headers: { "api-key": "k3y" } };
  await runtime.json("PUT", `/v1/orgs/${ORG}/observability`, { metrics: { otlp } });
  const before = sink.taken.length;
  for (let report = 0; report < REPORTS; report++) {
    await ingest(runtime, report);
    sink.next = () => (Math.random() < 0.3 ? "503" : null);
    await runtime.send("POST", "/streams/tick?later");
  }
  sink.next = () => null;
  const last = await lastPush(runtime, sink, before);
  const pushed = last.map((batch) => readPushed(gunzipSync(batch.body)));
  const values = new Map(pushed.flatMap((one) => [...one.values]));
  checks.report(
    "pushed totals are those of a scrape",
    differences(values, await scrape(runtime)),
    `${values.size} values in ${last.length} requests`,
  );
  checks.report(
    "buckets add up, and no point is there twice",
    pushed.flatMap(({ problems }) => problems),
  );
  const all = sink.taken.slice(before).map((batch) => readPushed(gunzipSync(batch.body)));
  const starts = new Set(all.flatMap((one) => [...one.starts]));
  checks.equal("every cumulative series starts where it did, in every push", starts.size, 1);
  checks.report("no counter falls from one push to the next", falls(all));
}

/** The requests of a push that went well to its end. */
async function lastPush(runtime: Runtime, sink: Sink, before: number): Promise<Batch[]> {
  for (let tick = 0; tick < TICKS_MAX; tick++) {
    const from = sink.taken.length;
    await runtime.send("POST", "/streams/tick?later");
    const path = `/v1/orgs/${ORG}/observability/status`;
    const { metrics } = await runtime.json<{ metrics: { last_error: unknown } }>("GET", path);
    if (metrics.last_error === null && sink.taken.length > from) return sink.taken.slice(from);
  }
  throw new Error(`no push went well since the request ${before}`);
}

async function ingest(runtime: Runtime, report: number): Promise<void> {
  const invocations = Array.from({ length: SAMPLES }, (_, at) => ({
    workspace: "prod",
    plugin: "github",
    tool: `t${(report * SAMPLES + at) % TOOLS}`,
    started_at: Date.now() - at,
    duration_ms: at * 1.7,
    outcome: at % 5 === 0 ? "server_error" : "ok",
  }));
  const body = {
    instance_id: "gw-1",
    epoch: 1_700_000_000_000,
    seq: report,
    dropped: report,
    invocations,
  };
  await runtime.json("POST", `/v1/orgs/${ORG}/invocations`, body);
}

/** As the push has it: neither buckets nor quantiles, nor what differs between two moments. */
async function scrape(runtime: Runtime): Promise<Map<string, number>> {
  const text = await runtime.text("GET", `/v1/orgs/${ORG}/metrics`);
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const values = lines.map((line): [string, number] => {
    const at = line.lastIndexOf(" ");
    return [line.slice(0, at), Number(line.slice(at + 1))];
  });
  return new Map(
    values.filter(([name]) => !/_bucket|latency_ms|watermark|mcpg_audit|mcpg_shard/.test(name)),
  );
}

function differences(pushed: Map<string, number>, scraped: Map<string, number>): string[] {
  const names = [...new Set([...pushed.keys(), ...scraped.keys()])];
  return names
    .filter((name) => !/^mcpg_(audit|shard)/.test(name) && pushed.get(name) !== scraped.get(name))
    .map((name) => `${name}: pushed ${pushed.get(name)}, scraped ${scraped.get(name)}`);
}

function falls(pushes: readonly { values: Map<string, number> }[]): string[] {
  const last = new Map<string, number>();
  return pushes.flatMap(({ values }) =>
    [...values].flatMap(([name, value]) => {
      const was = last.get(name) ?? 0;
      last.set(name, value);
      return name.includes("_total") && value < was ? [`${name}: ${was}, then ${value}`] : [];
    }),
  );
}
