import { describe, expect, it } from "vitest";
import type { Org } from "#orgs/org.ts";
import { findSpans, keepSpans } from "#otlp/store/spans.ts";
import { KeptSpans } from "#tracing/kept-spans.ts";
import type { TraceSpan } from "#tracing/trace-span.ts";
import { BilledRows } from "../harness/billed-rows.ts";
import { workerEnv } from "../harness/deployment.ts";
import { db, makeShardOrg } from "../harness/shard-org.ts";
import { newHex } from "../otlp/http/otlp.ts";

const AROUND = { fromMs: Date.now() - 60_000, toMs: Date.now() + 60_000 };

/** Of one request through the gateway. */
function requestSpans(traceId: string): TraceSpan[] {
  const endMs = Date.now() - 1_000;
  return Array.from({ length: 6 }, () => ({
    traceId,
    spanId: newHex(16),
    parentSpanId: newHex(16),
    name: "tools/call",
    kind: 3,
    start: { ms: endMs - 20, nanos: 0 },
    end: { ms: endMs, nanos: 0 },
    status: 0,
    attributes: new Map([["server.address", "x".repeat(500)]]),
    service: "mcpg",
  }));
}

async function keptIn() {
  const shardOrg = await makeShardOrg();
  const billed = new BilledRows();
  const counted = billed.counting(db);
  const org = { ...shardOrg, shard: "SHARD_0" } as unknown as Org;
  const spans = new KeptSpans(async (_env, { org, generation }, all) => {
    await keepSpans(counted, { org, generation }, all, Date.now());
  });
  const add = (traceId: string) => spans.add(workerEnv, org, requestSpans(traceId));
  const found = async (traceId: string) => (await findSpans(db, org.org, traceId, AROUND)).length;
  return { org, billed, add, found };
}

describe("Spans for the drill-down", () => {
  it("of requests that end in one moment cost one write, and each trace has its own", async () => {
    const { billed, add, found } = await keptIn();
    const traces = Array.from({ length: 40 }, () => newHex(32));
    await Promise.all(traces.map(add));
    expect(billed.take().rowsWritten).toBeLessThanOrEqual(2);
    for (const trace of traces) expect(await found(trace)).toBe(6);
  });

  it("are all there of an agent with many calls at once in one trace", async () => {
    const { add, found } = await keptIn();
    const trace = newHex(32);
    await Promise.all(Array.from({ length: 60 }, () => add(trace)));
    expect(await found(trace)).toBe(360);
  });

  it("are brought again when the shard failed, by whoever waits", async () => {
    const kept: number[] = [];
    let failures = 1;
    const spans = new KeptSpans(async (_env, _org, all) => {
      failures -= 1;
      if (failures >= 0) throw new Error("out of reach");
      kept.push(all.length);
    });
    const org = { org: newHex(16), shard: "SHARD_0" } as Org;
    const adding = [1, 2].map(() => spans.add(workerEnv, org, requestSpans(newHex(32))));
    await Promise.all(adding);
    expect(kept).toEqual([12]);
  });
});
