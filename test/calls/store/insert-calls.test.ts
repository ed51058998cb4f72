import { describe, expect, it } from "vitest";
import { insertReports } from "#calls/store/insert-calls.ts";
import { deleteShardOrg } from "#orgs/store/shard-orgs.ts";
import { LimitedD1 } from "../../harness/limited-d1.ts";
import { newId } from "../../harness/new-id.ts";
import { countRows, db, header, invocation, makeShardOrg } from "../../harness/shard-org.ts";
import { faultyD1 } from "../../harness/watched-d1.ts";

/** Samples that the org's arrivals count. */
async function arrivedSamples(org: string): Promise<number> {
  const { results } = await db
    .prepare("SELECT payload FROM arrivals WHERE org = ?1")
    .bind(org)
    .all<{ payload: string }>();
  const lags = results.flatMap(({ payload }) => JSON.parse(payload)[7] as number[][]);
  return lags.reduce((sum, lag) => sum + (lag[1] ?? 0), 0);
}

describe("insertReports", () => {
  it("accepts a sample once, however many copies race", async () => {
    const org = await makeShardOrg();
    const samples = [invocation(), invocation(), invocation()];
    const results = await Promise.all(
      Array.from({ length: 20 }, () =>
        insertReports(db, org, [{ header: header(), calls: samples }]),
      ),
    );
    const accepted = results.map((result) => (result.kind === "stored" ? result.accepted : -1));
    expect(accepted.filter((value) => value > 0)).toEqual([3]);
    expect(await countRows(org.org, "tool_invocations")).toBe(3);
    expect(await arrivedSamples(org.org)).toBe(3);
  });

  it("accepts each of partly overlapping requests' samples once", async () => {
    const org = await makeShardOrg();
    const samples = Array.from({ length: 40 }, () => invocation());
    const windows = Array.from({ length: 12 }, (_, start) =>
      samples.slice(start * 3, start * 3 + 8),
    );
    const results = await Promise.all(
      windows.map((window) => insertReports(db, org, [{ header: header(), calls: window }])),
    );
    let accepted = 0;
    for (const [index, result] of results.entries()) {
      if (result.kind !== "stored") throw new Error(result.kind);
      accepted += result.accepted;
      expect(result.accepted + result.duplicates).toBe(windows[index]?.length);
    }
    expect(accepted).toBe(new Set(windows.flat()).size);
    expect(await countRows(org.org, "tool_invocations")).toBe(accepted);
    expect(await arrivedSamples(org.org)).toBe(accepted);
  });

  it("counts a sample once when the answer to its transaction was lost", async () => {
    const org = await makeShardOrg();
    const samples = [invocation(), invocation()];
    const faulty = faultyD1(db, (batch) => (batch === 0 ? "after" : null));
    const result = await insertReports(faulty, org, [{ header: header(), calls: samples }]);
    expect(result).toMatchObject({ kind: "stored", accepted: 0, duplicates: 2 });
    expect(await arrivedSamples(org.org)).toBe(2);
  });

  it("writes nothing and says so when the transaction did not happen", async () => {
    const org = await makeShardOrg();
    const faulty = faultyD1(db, () => "before");
    await expect(
      insertReports(faulty, org, [{ header: header(), calls: [invocation()] }]),
    ).rejects.toThrow();
    expect(await countRows(org.org, "arrivals")).toBe(0);
  });

  it("refuses a request that began before the org was deleted or moved", async () => {
    const org = await makeShardOrg();
    const moved = { ...org, generation: 2 };
    expect(await insertReports(db, moved, [{ header: header(), calls: [invocation()] }])).toEqual({
      kind: "org_gone",
    });
    await deleteShardOrg(db, org.org);
    expect(await insertReports(db, org, [{ header: header(), calls: [invocation()] }])).toEqual({
      kind: "org_gone",
    });
    expect(await countRows(org.org, "arrivals")).toBe(0);
    expect(await countRows(org.org, "tool_invocations")).toBe(0);
  });

  it("refuses what is older than what was pruned, and takes its neighbours", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    await db
      .prepare("UPDATE orgs SET pruned_before_ms = ?2 WHERE org = ?1")
      .bind(org.org, nowMs - 60_000)
      .run();
    const old = invocation({ started_at: nowMs - 120_000 });
    const result = await insertReports(db, org, [{ header: header(), calls: [old, invocation()] }]);
    expect(result).toMatchObject({ kind: "stored", accepted: 1, duplicates: 0, pruned: [old] });
  });

  it("stays inside D1's limits with a full report of the longest names", async () => {
    const org = await makeShardOrg();
    const long = (index: number) => `${"\u{1F600}".repeat(120)}${index}`;
    const samples = Array.from({ length: 1_000 }, (_, index) =>
      invocation({
        workspace: long(index),
        plugin: long(index),
        tool: long(index),
        actor: long(index),
      }),
    );
    const limited = new LimitedD1(db);
    const result = await insertReports(limited.database, org, [
      { header: header(), calls: samples },
    ]);
    expect(result).toMatchObject({ kind: "stored", accepted: 1_000 });
    expect(await arrivedSamples(org.org)).toBe(1_000);
  });

  it("stores every field as it was sent", async () => {
    const org = await makeShardOrg();
    const id = newId();
    const sent = invocation({
      id,
      trace_id: "0AF7651916CD43DD8448EB211C80319C",
      actor: "a'\"\\\n\u2028",
    });
    await insertReports(db, org, [{ header: header(), calls: [sent] }]);
    const row = await db
      .prepare("SELECT id, actor, trace_id FROM tool_invocations WHERE org = ?1")
      .bind(org.org)
      .first();
    expect(row).toEqual({
      id,
      actor: "a'\"\\\n\u2028",
      trace_id: "0af7651916cd43dd8448eb211c80319c",
    });
  });
});
