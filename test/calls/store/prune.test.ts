import { describe, expect, it } from "vitest";
import { type PruneCutoffs, pruneCutoffs } from "#calls/prune-cutoffs.ts";
import { foldAll } from "#calls/store/fold/fold.ts";
import { PRUNE_ROWS_MAX, pruneOnce } from "#calls/store/prune.ts";
import "#capabilities.ts";
import { eraseOnce } from "#orgs/store/erase.ts";
import { findShardOrg } from "#orgs/store/shard-orgs.ts";
import { countRows, db, invocation, makeShardOrg, store, sumOf } from "../../harness/shard-org.ts";

const HOUR_MS = 3_600_000;
const never = () => false;
const NOTHING: PruneCutoffs = { samplesBeforeMs: 0, hoursBefore: 0, daysBefore: 0, minutesBefore: 0, quartersBefore: 0 };

describe("prune", () => {
  it("removes samples older than the cutoff, keeps the rest, and lowers no total", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    await store(org, [invocation({ started_at: nowMs - 10 * HOUR_MS }), invocation()]);
    await foldAll(db, org, Date.now, never);
    const cutoffs = { ...NOTHING, samplesBeforeMs: nowMs - 5 * HOUR_MS };
    expect(await pruneOnce(db, org.org, cutoffs)).toBe(true);
    expect(await countRows(org.org, "tool_invocations")).toBe(1);
    expect(await sumOf(org.org, "series", "ok")).toBe(2);
    expect(await sumOf(org.org, "rollups_hourly", "ok")).toBe(2);
  });

  it("never lowers what it says was pruned", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    await store(org, [invocation({ started_at: nowMs - 10 * HOUR_MS }), invocation()]);
    await pruneOnce(db, org.org, { ...NOTHING, samplesBeforeMs: nowMs - HOUR_MS });
    await pruneOnce(db, org.org, { ...NOTHING, samplesBeforeMs: nowMs - 9 * HOUR_MS });
    expect((await findShardOrg(db, org.org))?.prunedBeforeMs).toBe(nowMs - HOUR_MS);
  });

  it("writes no row for an org that has nothing to prune", async () => {
    const org = await makeShardOrg();
    await store(org, [invocation()]);
    await pruneOnce(db, org.org, { ...NOTHING, samplesBeforeMs: Date.now() - HOUR_MS });
    expect((await findShardOrg(db, org.org))?.prunedBeforeMs).toBe(0);
  });

  it("works in bounded chunks and says when it is done", async () => {
    const org = await makeShardOrg();
    const samples = Array.from({ length: 1_000 }, () => invocation());
    for (let report = 0; report < 5; report += 1) {
      await store(
        org,
        samples.map((sample, index) => ({ ...sample, id: withIndex(sample.id, report, index) })),
      );
    }
    const cutoffs = { ...NOTHING, samplesBeforeMs: Date.now() + HOUR_MS };
    expect(await countRows(org.org, "tool_invocations")).toBe(PRUNE_ROWS_MAX);
    expect(await pruneOnce(db, org.org, cutoffs)).toBe(false);
    expect(await pruneOnce(db, org.org, cutoffs)).toBe(true);
    expect(await countRows(org.org, "tool_invocations")).toBe(0);
  });

  it("removes hours and days by their own retention", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    await store(org, [invocation({ started_at: nowMs - 5 * HOUR_MS }), invocation()]);
    await foldAll(db, org, Date.now, never);
    const hour = Math.floor(nowMs / HOUR_MS);
    await pruneOnce(db, org.org, { ...NOTHING, hoursBefore: hour });
    expect(await countRows(org.org, "rollups_hourly")).toBe(1);
    await pruneOnce(db, org.org, { ...NOTHING, daysBefore: Math.floor(hour / 24) + 1 });
    expect(await countRows(org.org, "rollups_daily")).toBe(0);
  });

  it("keeps samples for the retention that the org has", () => {
    const retention = {
      samplesHours: 48,
      rollupsHourlyDays: 365,
      rollupsDailyDays: 1_825,
      auditDays: 30,
    };
    const nowMs = 2_000 * 24 * HOUR_MS + 90_000;
    expect(pruneCutoffs(retention, nowMs)).toEqual({
      samplesBeforeMs: nowMs - 48 * HOUR_MS,
      hoursBefore: (2_000 - 365) * 24,
      daysBefore: 2_000 - 1_825,
    });
  });
});

describe("erase", () => {
  it("leaves no row of a deleted org, and every row of others", async () => {
    const [gone, kept] = [await makeShardOrg(), await makeShardOrg()];
    for (const org of [gone, kept]) {
      await store(org, [invocation()]);
      await foldAll(db, org, Date.now, never);
      await store(org, [invocation()]);
    }
    expect(await eraseOnce(db, gone.org)).toBe(true);
    for (const table of [
      "arrivals",
      "tool_invocations",
      "series",
      "rollups_hourly",
      "rollups_daily",
      "instances",
    ]) {
      expect([table, await countRows(gone.org, table)]).toEqual([table, 0]);
      expect([table, await countRows(kept.org, table)]).not.toEqual([table, 0]);
    }
  });
});

/** The same time, another id: 5,000 samples without validating 5,000. */
function withIndex(id: string, report: number, index: number): string {
  return `${id.slice(0, 24)}${String(report).padStart(4, "0")}${String(index).padStart(8, "0")}`;
}
