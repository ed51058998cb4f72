import { describe, expect, it } from "vitest";
import "#capabilities.ts";
import { pruneCutoffs } from "#calls/prune-cutoffs.ts";
import { foldAll, foldOnce } from "#calls/store/fold/fold.ts";
import { pruneOnce } from "#calls/store/prune.ts";
import { effectiveRetention } from "#orgs/retention.ts";
import { activityCalls, activityTotal } from "../../harness/activity-rows.ts";
import { getJson } from "../../harness/answers.ts";
import { ingest, makeSample } from "../../harness/calls.ts";
import { LimitedD1 } from "../../harness/limited-d1.ts";
import { newId } from "../../harness/new-id.ts";
import { makeOrg } from "../../harness/orgs.ts";
import {
  countRows,
  db,
  invocation,
  makeShardOrg,
  type ShardTestOrg,
  store,
} from "../../harness/shard-org.ts";
import { faultyD1, watchedD1 } from "../../harness/watched-d1.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const never = () => false;

async function foldRest(org: ShardTestOrg, database = db): Promise<void> {
  await foldAll(database, org, Date.now, never);
}

async function counted({ org }: { org: string }) {
  return [
    await activityTotal(org, "activity_minutes"),
    await activityTotal(org, "activity_quarters"),
  ];
}

const minuteOf = (ms: number) => Math.floor(ms / MINUTE_MS);
const quarterOf = (ms: number) => Math.floor(ms / (15 * MINUTE_MS));

describe("activity", () => {
  it("counts each call once when several folds run at once, and samples come meanwhile", async () => {
    const org = await makeShardOrg();
    const slow = new LimitedD1(db);
    const sending = Promise.all(
      Array.from({ length: 12 }, (_, report) =>
        store(org, [
          invocation(),
          invocation({ tool: `t${report}`, plugin: `p${report}` }),
          invocation({ started_at: Date.now() - report * HOUR_MS }),
        ]),
      ),
    );
    const folding = Array.from({ length: 4 }, () => foldRest(org, slow.database));
    await Promise.all([sending, ...folding, foldRest(org)]);
    await Promise.all([foldRest(org), foldRest(org), foldRest(org)]);
    expect(await counted(org)).toEqual([36, 36]);
  });

  it.each(["before", "after"] as const)(
    "counts each call once when a fold died %s its transaction",
    async (fault) => {
      const org = await makeShardOrg();
      await store(org, [invocation(), invocation({ outcome: "idempotent_replay" })]);
      const dying = faultyD1(db, (batch) => (batch === 1 ? fault : null));
      await expect(foldOnce(dying, org, Date.now())).rejects.toThrow();
      await foldRest(org);
      expect(await counted(org)).toEqual([2, 2]);
    },
  );

  it("writes nothing of a fold that another one overtook between its reading of activity and its write", async () => {
    const org = await makeShardOrg();
    await store(org, [invocation()]);
    let isOvertaken = false;
    const overtaken = watchedD1(db, async (sql, send) => {
      const results = await send();
      if (isOvertaken || !sql.includes("a.totals, a.plugins")) return results;
      isOvertaken = true;
      await foldRest(org);
      await store(org, [invocation({ tool: "later" })]);
      await foldRest(org);
      return results;
    });
    expect(await foldOnce(overtaken, org, Date.now())).toBe("contended");
    await foldRest(org);
    expect(await counted(org)).toEqual([2, 2]);
  });

  it("counts a backlog that is regrouped once, each call in its minute", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    const times = [nowMs, nowMs - 20 * MINUTE_MS, nowMs - 5 * HOUR_MS];
    for (const started_at of times) {
      for (let start = 0; start < 3_200; start += 800) {
        const calls = Array.from({ length: 800 }, (_, tool) =>
          invocation({ tool: `t${start + tool}`, started_at, id: newId(started_at) }),
        );
        await store(org, calls);
      }
    }
    await Promise.all([foldRest(org), foldRest(org)]);
    const each = (windowOf: (ms: number) => number) =>
      Object.fromEntries(times.map((ms) => [windowOf(ms), 3_200]));
    expect(await activityCalls(org.org, "activity_minutes")).toEqual(each(minuteOf));
    expect(await activityCalls(org.org, "activity_quarters")).toEqual(each(quarterOf));
  });

  it("puts a late sample into its own minute and quarter, which were written before", async () => {
    const org = await makeShardOrg();
    const thenMs = Date.now() - 20 * HOUR_MS;
    for (const tool of ["a", "b", "a"]) {
      await store(org, [invocation({ tool, started_at: thenMs }), invocation()]);
      await foldRest(org);
    }
    expect((await activityCalls(org.org, "activity_minutes"))[minuteOf(thenMs)]).toBe(3);
    expect((await activityCalls(org.org, "activity_quarters"))[quarterOf(thenMs)]).toBe(3);
  });

  it("has one row a window of up to 256 tools and 32 plugins, however many calls there are", async () => {
    const org = await makeShardOrg();
    const started_at = Date.now() - HOUR_MS;
    for (let report = 0; report < 10; report += 1) {
      const calls = Array.from({ length: 255 }, (_, tool) =>
        invocation({
          tool: `t${tool}`,
          plugin: `p${tool % 32}`,
          started_at,
          id: newId(started_at),
        }),
      );
      await store(org, calls);
      await foldRest(org);
    }
    expect(await countRows(org.org, "activity_minutes")).toBe(1);
    expect(await countRows(org.org, "activity_quarters")).toBe(1);
    expect(await counted(org)).toEqual([2_550, 2_550]);
  });

  it("counts a day's backlog of an instance that was cut off, fold after fold, each of few rows", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    const calls = Array.from({ length: 1_400 }, (_, minute) => {
      const started_at = nowMs - minute * MINUTE_MS;
      return invocation({ started_at, id: newId(started_at) });
    });
    for (let start = 0; start < calls.length; start += 100) {
      await store(org, calls.slice(start, start + 100));
    }
    for (let folds = 1; ; folds += 1) {
      const limited = new LimitedD1(db);
      const folded = await foldOnce(limited.database, org, nowMs);
      expect(limited.queries).toBeLessThanOrEqual(36);
      if (folded !== "empty") continue;
      expect(folds).toBeGreaterThan(4);
      break;
    }
    expect(await counted(org)).toEqual([1_400, 1_400]);
    expect(await countRows(org.org, "activity_minutes")).toBe(1_400);
  });

  it("leaves out what an arrival from before activity counts, and asks the samples of that time", async () => {
    const org = await makeOrg();
    const path = `/v1/orgs/${org}/activity?step=3600`;
    await ingest(org, [makeSample(), makeSample({ tool: "b", outcome: "server_error" })]);
    const strip = "UPDATE arrivals SET payload = json_remove(payload, '$[9]') WHERE org = ?1";
    await db.prepare(strip).bind(org).run();
    const before = await getJson<{ source: string; series: unknown }>(path);
    const calls = (answer: { series: unknown }) =>
      (answer.series as { key: string; calls: number[] }[])
        .filter(({ calls: steps }) => steps.some((count) => count > 0))
        .map(({ key, calls: steps }) => [key, steps.reduce((sum, count) => sum + count, 0)]);
    expect(before.source).toBe("samples");
    expect(calls(before)).toEqual([
      ["ok", 1],
      ["server_error", 1],
    ]);
    expect(await countRows(org, "activity_minutes")).toBe(0);
    const nextHour = (Math.floor(Date.now() / HOUR_MS) + 1) * HOUR_MS;
    expect((await getJson<{ source: string }>(`${path}&from=${nextHour}`)).source).toBe(
      "quarter_hours",
    );
  });

  it("is pruned by the minute after 48 h, and with the samples after their retention", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    for (const hours of [47, 49, 167, 169]) {
      const receivedAtMs = nowMs - hours * HOUR_MS;
      const call = invocation({ started_at: receivedAtMs }, receivedAtMs);
      await store(org, [call], { receivedAtMs });
      await foldAll(db, org, () => receivedAtMs, never);
    }
    const retention = effectiveRetention("pro", {});
    expect(await pruneOnce(db, org.org, pruneCutoffs(retention, nowMs))).toBe(true);
    const hoursOf = (windows: Record<number, number>, windowMs: number) =>
      Object.keys(windows).map((window) =>
        Math.round((nowMs - Number(window) * windowMs) / HOUR_MS),
      );
    const [minutes, quarters] = [
      await activityCalls(org.org, "activity_minutes"),
      await activityCalls(org.org, "activity_quarters"),
    ];
    expect(hoursOf(minutes, MINUTE_MS)).toEqual([47]);
    expect(hoursOf(quarters, 15 * MINUTE_MS)).toEqual([167, 49, 47]);
    expect(await countRows(org.org, "tool_invocations")).toBe(3);
  });
});
