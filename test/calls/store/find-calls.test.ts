import { beforeAll, describe, expect, it } from "vitest";
import { findCalls } from "#calls/store/find-calls.ts";
import { BilledRows } from "../../harness/billed-rows.ts";
import { ingest, makeSample } from "../../harness/calls.ts";
import { workerEnv } from "../../harness/deployment.ts";
import { makeOrg } from "../../harness/orgs.ts";
import { watchedD1 } from "../../harness/watched-d1.ts";

const CALLS = 600;
let org: string;

beforeAll(async () => {
  org = await makeOrg();
  const nowMs = Date.now();
  const samples = Array.from({ length: CALLS }, (_, at) =>
    makeSample({ tool: `t${at % 3}`, started_at: nowMs - at * 1_000 }),
  );
  await ingest(org, samples);
});

describe("A page of calls", () => {
  it("that is full reads its own rows and one more", async () => {
    const rows = new BilledRows();
    const page = await findCalls(rows.counting(workerEnv.SHARD_0), org, {}, 50, null);
    expect(page.calls).toHaveLength(50);
    expect(rows.take().rowsRead).toBeLessThanOrEqual(2 * 51);
  });

  it("goes on below its last call, though the end of what was looked at moved up meanwhile", async () => {
    const rare = crypto.randomUUID();
    await ingest(org, [makeSample({ actor: rare })]);
    const moved = watchedD1(workerEnv.SHARD_0, async (sql, send) => {
      const answer = await send();
      if (!sql.includes("offset")) return answer;
      // As if 50,000 calls had come since the page was read: the end lies above all of it.
      const results = [["ffffffff-ffff-7fff-bfff-ffffffffffff"]];
      return Array.isArray(answer) ? results : { ...(answer as object), results };
    });
    const page = await findCalls(moved, org, { actor: rare }, 50, null);
    expect(page.calls).toHaveLength(1);
    expect(page.nextId).toBe(page.calls[0]?.id);
  });
});
