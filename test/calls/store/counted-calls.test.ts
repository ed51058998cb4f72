import { describe, expect, it } from "vitest";
import type { Call } from "#calls/call.ts";
import { findCounted, refuseCounted } from "#calls/store/counted-calls.ts";
import { insertReports } from "#calls/store/insert-calls.ts";
import { pairedCalls } from "#calls/store/insert-statements.ts";
import { BilledRows } from "../../harness/billed-rows.ts";
import {
  countRows,
  db,
  header,
  invocation,
  makeShardOrg,
  type ShardTestOrg,
} from "../../harness/shard-org.ts";
import { faultyD1 } from "../../harness/watched-d1.ts";
import { newHex } from "../../otlp/http/otlp.ts";

interface Given {
  traceId?: string;
  spanId?: string;
  parentSpanId?: string | null;
  isCaller?: boolean;
  tool?: string;
  instance?: string;
  startedAtMs?: number;
}

const NOW_MS = Date.now();

function call(given: Given = {}): Call {
  const { traceId = newHex(32), spanId = newHex(16), parentSpanId = null } = given;
  const { isCaller = false, tool = "list_repos", instance = "gw-1", startedAtMs = NOW_MS } = given;
  const sample = { trace_id: traceId, span_id: spanId, tool, started_at: startedAtMs };
  return { ...invocation(sample), pair: { instance, isCaller, parentSpanId } };
}

/** A caller's call and its server's. */
function callPair(given: Given = {}): { client: Call; server: Call } {
  const client = call({ ...given, isCaller: true, instance: "agent" });
  const traceId = client.traceId ?? "";
  return { client, server: call({ ...given, traceId, parentSpanId: client.spanId }) };
}

async function accepted(org: ShardTestOrg, ...calls: Call[]): Promise<number> {
  const result = await insertReports(db, org, [{ header: header(), calls: calls }]);
  if (result.kind !== "stored") throw new Error(result.kind);
  expect(result.accepted + result.duplicates).toBe(calls.length);
  return result.accepted;
}

describe("a call that has two spans", () => {
  it("is counted once, in whichever order they come: the first stays", async () => {
    const org = await makeShardOrg();
    for (const order of ["client", "server"] as const) {
      const { client, server } = callPair();
      const [first, second] = order === "client" ? [client, server] : [server, client];
      expect(await accepted(org, first)).toBe(1);
      expect(await accepted(org, second)).toBe(0);
      expect(await accepted(org, second, first)).toBe(0);
    }
    expect(await countRows(org.org, "tool_invocations")).toBe(2);
  });

  it("is counted once when they race, whatever else their requests hold", async () => {
    const org = await makeShardOrg();
    const pairs = Array.from({ length: 60 }, () => callPair());
    const requests = pairs.flatMap(({ client, server }, index) => {
      const { client: nextClient, server: nextServer } = pairs[(index + 1) % 60] ?? pairs[0]!;
      return [[client, nextClient], [server, nextServer], [nextServer], [client]];
    });
    const counts = await Promise.all(requests.map((calls) => accepted(org, ...calls)));
    expect(counts.reduce((sum, count) => sum + count)).toBe(60);
    expect(await countRows(org.org, "tool_invocations")).toBe(60);
  });

  it("is counted once when the answer to the first one's transaction was lost", async () => {
    const org = await makeShardOrg();
    const { client, server } = callPair();
    const faulty = faultyD1(db, (batch) => (batch === 0 ? "after" : null));
    await insertReports(faulty, org, [{ header: header(), calls: [client] }]);
    expect(await accepted(org, server)).toBe(0);
    expect(await accepted(org, client)).toBe(0);
  });

  it("is told apart from a sample that was there: of the other span there is no sample", async () => {
    const org = await makeShardOrg();
    const { client, server } = callPair();
    const lone = call();
    await accepted(org, server, lone);
    const calls = [client, lone, call()];
    const result = await insertReports(db, org, [{ header: header(), calls }]);
    expect(result).toMatchObject({ kind: "stored", accepted: 1, duplicates: 2 });
    expect(result.kind === "stored" && [...result.countedElsewhere]).toEqual([client.id]);
  });

  it("is two calls where two servers' spans have one parent that was not counted before", async () => {
    const org = await makeShardOrg();
    const { client, server } = callPair();
    const retried = call({ traceId: client.traceId ?? "", parentSpanId: client.spanId });
    expect(await accepted(org, server)).toBe(1);
    expect(await accepted(org, retried)).toBe(1);
    expect(await accepted(org, client)).toBe(0);
  });

  it("is counted for each tool under one caller's span, whichever comes first", async () => {
    for (const isClientFirst of [true, false]) {
      const org = await makeShardOrg();
      const { client, server } = callPair();
      const other = { ...server, id: call().id, spanId: newHex(16), tool: "other" };
      const order = isClientFirst ? [client, other, server] : [other, client, server];
      const counts: number[] = [];
      for (const one of order) counts.push(await accepted(org, one));
      expect(counts).toEqual([1, 1, 0]);
    }
  });

  it("is not taken for another trace's, another org's, nor for a gateway's sample", async () => {
    const org = await makeShardOrg();
    const { client, server } = callPair();
    await accepted(org, client);
    expect(await accepted(org, { ...server, traceId: newHex(32) })).toBe(1);
    expect(await accepted(await makeShardOrg(), server)).toBe(1);
    const { traceId, spanId } = client;
    const sample = invocation({ trace_id: traceId, span_id: spanId });
    expect(await accepted(org, sample)).toBe(1);
    expect(await accepted(org, server)).toBe(0);
  });

  it("is counted once where instrumentations of one process wrap it, whichever is sent first", async () => {
    for (const isOuterFirst of [true, false]) {
      const org = await makeShardOrg();
      const outer = call({ isCaller: true });
      const traceId = outer.traceId ?? "";
      const inner = call({ isCaller: true, traceId, parentSpanId: outer.spanId });
      const [first, second] = isOuterFirst ? [outer, inner] : [inner, outer];
      expect(await accepted(org, first)).toBe(1);
      expect(await accepted(org, second)).toBe(0);
      const elsewhere = { isCaller: true, traceId, parentSpanId: outer.spanId };
      expect(await accepted(org, call({ ...elsewhere, tool: "other" }))).toBe(1);
      expect(await accepted(org, call({ ...elsewhere, instance: "other" }))).toBe(1);
    }
  });

  it("is found at its server as late as a minute, and on clocks ten seconds apart", async () => {
    const org = await makeShardOrg();
    for (const apartMs of [-9_000, 9_000]) {
      const { client, server } = callPair({ startedAtMs: NOW_MS - 100_000 });
      const startedAtMs = NOW_MS - 100_000 + apartMs;
      const parentSpanId = client.spanId;
      const traceId = client.traceId ?? "";
      const skewed = call({ traceId, parentSpanId, startedAtMs, spanId: server.spanId ?? "" });
      expect(await accepted(org, skewed)).toBe(1);
      expect(await accepted(org, client)).toBe(0);
    }
  });

  it("is looked for by a seek, or in the samples of its time, never in all there are", async () => {
    const org = await makeShardOrg();
    const { client, server } = callPair();
    const calls = pairedCalls([{ header: header(), calls: [client, server] }]);
    const statements = refuseCounted(db, org.org, calls);
    expect(statements).toHaveLength(2);
    const old = Array.from({ length: 900 }, () => call({ startedAtMs: NOW_MS - 3_600_000 }));
    await accepted(org, ...old);
    const results = await db.batch(statements);
    const read = results.reduce((sum, { meta }) => sum + meta.rows_read, 0);
    expect(read).toBeLessThan(20);
    const far = call({ isCaller: true, startedAtMs: NOW_MS - 7_200_000 });
    const apart = pairedCalls([{ header: header(), calls: [client, far] }]);
    expect(await findCounted(db, org.org, apart)).toEqual(new Set());
    const [lookup, ...rest] = refuseCounted(db, org.org, apart);
    expect(rest).toEqual([]);
    expect((await lookup?.run())?.meta.rows_read).toBeLessThan(20);
  });
});

describe("rows written", () => {
  async function rowsOf(calls: Call[]): Promise<number> {
    const org = await makeShardOrg();
    const billed = new BilledRows();
    await insertReports(billed.counting(db), org, [{ header: header(), calls: calls }]);
    return billed.take().rowsWritten;
  }

  it("are one a sample and one a report, one more for a caller's, none for the look-ups", async () => {
    const hundred = <Item>(make: () => Item) => Array.from({ length: 100 }, make);
    expect(await rowsOf(hundred(() => invocation()))).toBe(101);
    expect(await rowsOf(hundred(() => call({ parentSpanId: newHex(16) })))).toBe(101);
    expect(await rowsOf(hundred(() => call({ isCaller: true })))).toBe(201);
  });
});
