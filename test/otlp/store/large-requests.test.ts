/** Requests that take several transactions. */
import { describe, expect, it } from "vitest";
import type { Org } from "#orgs/org.ts";
import { chain, counted, newOrg, send, span } from "../one-call-kit.ts";

const INSERT = "INSERT INTO tool_invocations";

/** Sends them; how many batches had samples. */
async function batchesOf(org: Org, spans: Parameters<typeof send>[1]): Promise<number> {
  let batches = 0;
  await send(org, spans, (sql, sendOn, isBatch) => {
    if (isBatch && sql.includes(INSERT)) batches += 1;
    return sendOn();
  });
  return batches;
}

function manyOfOneTrace(count: number) {
  const first = span({ tool: "tool_0" });
  const others = Array.from({ length: count - 1 }, (_, at) =>
    span({ beside: first, tool: `tool_${at + 1}` }),
  );
  return [first, ...others];
}

describe("Servers' calls of one trace", () => {
  it("take one transaction for each 1,000, in an org that sends callers' spans too", async () => {
    const org = await newOrg();
    expect(await batchesOf(org, manyOfOneTrace(2_001))).toBe(3);
    expect(await counted(org)).toHaveLength(2_001);
    await send(org, [span({ side: "client" })]);
    // The isolate learns that the org does.
    await send(org, [span()]);
    expect(await batchesOf(org, manyOfOneTrace(1_001))).toBe(2);
    expect(await counted(org)).toHaveLength(3_003);
  });

  it("are one call in two transactions of a request where an earlier one tells what lies between", async () => {
    const org = await newOrg();
    await send(org, [span({ side: "client" })]);
    const [outer, between, inner] = chain("server", "http", "server") as [
      ReturnType<typeof span>,
      ReturnType<typeof span>,
      ReturnType<typeof span>,
    ];
    await send(org, [between]);
    const fill = Array.from({ length: 1_000 }, (_, at) =>
      span({ beside: outer, tool: `tool_${at}` }),
    );
    await send(org, [outer, ...fill, inner]);
    expect(await counted(org)).toHaveLength(1_001);
  });

  it("are refused again where another request counts one of them meanwhile", async () => {
    const org = await newOrg();
    const all = manyOfOneTrace(1_001);
    const last = all.at(-1)!;
    // The same span with another start: another id, and the same call.
    const copy = span({
      spanId: last.spanId,
      beside: last,
      tool: "tool_1000",
      startMs: last.start.ms + 1,
    });
    let batches = 0;
    await send(org, all, async (sql, sendOn, isBatch) => {
      if (isBatch && sql.includes(INSERT) && ++batches === 2) await send(org, [copy]);
      return sendOn();
    });
    expect(await counted(org)).toHaveLength(1_001);
  });

  it("are held against samples that lie behind thousands of newer ones, read a part at a time", async () => {
    const org = await newOrg();
    const startMs = Date.now() - 5_000;
    const first = span({ startMs });
    await send(org, [first]);
    const newer = Array.from({ length: 4_500 }, () => span({ startMs: startMs + 100 }));
    await send(org, newer);
    const before = (await counted(org)).length;
    let parts = 0;
    const copy = span({ spanId: first.spanId, beside: first, startMs: startMs + 1 });
    await send(org, [copy], (sql, sendOn) => {
      if (sql.includes("AS lastId")) parts += 1;
      return sendOn();
    });
    expect(parts).toBe(3);
    expect(await counted(org)).toHaveLength(before);
  });

  it("are looked up by their ids alone where all of them are there", async () => {
    const org = await newOrg();
    await send(org, [span({ side: "client" })]);
    const all = manyOfOneTrace(3);
    await send(org, all);
    let parts = 0;
    await send(org, all, (sql, sendOn) => {
      if (sql.includes("AS lastId")) parts += 1;
      return sendOn();
    });
    expect(parts).toBe(0);
    expect(await counted(org)).toHaveLength(3);
  });
});
