import { describe, expect, it } from "vitest";
import { NOTHING_PENDING } from "#calls/figures/pending.ts";
import { lagRange } from "#calls/lag/lag-range.ts";
import { LagTally } from "#calls/lag/lag-tally.ts";
import { foldAll, foldOnce } from "#calls/store/fold/fold.ts";
import { LAG_KEPT_MS, pruneLagOnce, readLag, readRecentLag } from "#calls/store/lag/read-lag.ts";
import { BilledRows } from "../../harness/billed-rows.ts";
import {
  countRows,
  db,
  invocation,
  makeShardOrg,
  type ShardTestOrg,
  store,
} from "../../harness/shard-org.ts";
import { faultyD1 } from "../../harness/watched-d1.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const never = () => false;

const fold = (org: ShardTestOrg) => foldAll(db, org, Date.now, never);

interface Said {
  calls: number;
  ahead: number;
}

/** `instance minute` → what a plain count of the samples says. */
async function plainCounts(org: string): Promise<Map<string, Said>> {
  const { results } = await db
    .prepare(
      `SELECT instance || ' ' || (started_at_ms / 60000) AS key, count(*) AS calls,
         total((ingested_at_ms - started_at_ms) * 1000 < duration_us) AS ahead
       FROM tool_invocations WHERE org = ?1 GROUP BY 1`,
    )
    .bind(org)
    .all<{ key: string } & Said>();
  return new Map(results.map(({ key, calls, ahead }) => [key, { calls, ahead }]));
}

/** The same of an answer by the minute. */
async function toldCounts(org: string, nowMs: number, filter = {}): Promise<Map<string, Said>> {
  const asked = { fromMs: nowMs - 3 * HOUR_MS, toMs: nowMs + 10 * MINUTE_MS, stepMs: MINUTE_MS };
  const range = lagRange(asked, nowMs);
  if (typeof range === "string" || "leastStepMs" in range) throw new Error("no range");
  const { series, scannedToMs } = await readLag(db, org, range, filter, nowMs, NOTHING_PENDING);
  expect(scannedToMs).toBeNull();
  const told = series.slowestFirst().flatMap(({ instance, steps }) =>
    steps.flatMap((step, at): [string, Said][] => {
      const minute = range.fromMs / MINUTE_MS + at;
      return step === null
        ? []
        : [[`${instance} ${minute}`, { calls: step.calls, ahead: step.ahead }]];
    }),
  );
  return new Map(told);
}

/** Reports of three instances: one in time, one whose clock is ahead, one whose calls were held up. */
async function report(org: ShardTestOrg, seq: number, nowMs: number): Promise<void> {
  const instances = [
    { instance: "gw-1", agoMs: 20_000 },
    { instance: "gw-2", agoMs: -40_000 },
    { instance: "__proto__", agoMs: 90 * MINUTE_MS },
  ];
  const { instance, agoMs } = instances[seq % 3]!;
  const calls = Array.from({ length: 12 }, (_, at) =>
    invocation({
      started_at: nowMs - agoMs - at * 11_000,
      duration_ms: 10 * at,
      outcome: at === 3 ? "idempotent_replay" : "ok",
    }),
  );
  await store(org, calls, { instance, epochMs: 1, seq, receivedAtMs: nowMs });
  await store(org, calls, { instance, epochMs: 1, seq, receivedAtMs: nowMs });
}

describe("Lag by the minute", () => {
  it("counts each call once, by instance and the minute in which it began, however many fold at once", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    for (let round = 0; round < 3; round += 1) {
      const folds = Array.from({ length: 4 }, () => fold(org));
      const reports = [0, 1, 2].map((at) => report(org, 3 * round + at, nowMs));
      await Promise.all([...reports, ...folds]);
    }
    await fold(org);
    const plain = await plainCounts(org.org);
    expect([...plain.values()].reduce((sum, { calls }) => sum + calls, 0)).toBe(108);
    expect(await toldCounts(org.org, nowMs)).toEqual(plain);
  });

  it("says the same by the samples as by the minutes that are stored", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    for (let seq = 0; seq < 6; seq += 1) await report(org, seq, nowMs);
    await fold(org);
    const stored = await toldCounts(org.org, nowMs);
    expect(await toldCounts(org.org, nowMs, { tool: "list_repos" })).toEqual(stored);
    expect(await toldCounts(org.org, nowMs, { tool: "other" })).toEqual(new Map());
    const ofOne = [...stored].filter(([key]) => key.startsWith("gw-2 "));
    expect(await toldCounts(org.org, nowMs, { instance: "gw-2" })).toEqual(new Map(ofOne));
  });

  it("is written with the counters or not at all", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    await report(org, 0, nowMs);
    const dying = faultyD1(db, (batch) => (batch === 1 ? "before" : null));
    await expect(foldOnce(dying, org, nowMs)).rejects.toThrow();
    expect(await toldCounts(org.org, nowMs)).toEqual(new Map());
    const lost = faultyD1(db, (batch) => (batch === 1 ? "after" : null));
    await expect(foldOnce(lost, org, nowMs)).rejects.toThrow();
    await fold(org);
    expect(await toldCounts(org.org, nowMs)).toEqual(await plainCounts(org.org));
  });

  it("is repaired by a call that comes late, in the minute in which it began", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    await report(org, 0, nowMs);
    await fold(org);
    await store(org, [invocation({ started_at: nowMs - 50 * MINUTE_MS })], {
      receivedAtMs: nowMs,
    });
    await fold(org);
    const told = await toldCounts(org.org, nowMs);
    expect(told).toEqual(await plainCounts(org.org));
    const late = `gw-1 ${Math.floor((nowMs - 50 * MINUTE_MS) / MINUTE_MS)}`;
    expect(told.get(late)).toEqual({ calls: 1, ahead: 0 });
  });

  it("is asked of the samples where minutes are not whole, or no longer kept", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    await report(org, 0, nowMs);
    await fold(org);
    const range = { fromMs: nowMs - HOUR_MS, toMs: nowMs, stepMs: MINUTE_MS };
    const sourceOf = async (asked: typeof range) =>
      (await readLag(db, org.org, asked, {}, nowMs, NOTHING_PENDING)).source;
    expect(await sourceOf(range)).toBe("minutes");
    expect(await sourceOf({ ...range, fromMs: nowMs - LAG_KEPT_MS - 1 })).toBe("samples");
    await db.prepare("UPDATE orgs SET lag_from_ms = ?2 WHERE org = ?1").bind(org.org, nowMs).run();
    expect(await sourceOf(range)).toBe("samples");
    expect(await toldCounts(org.org, nowMs)).toEqual(await plainCounts(org.org));
  });

  it("costs a fold of many reports a row a minute, however many instances", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    for (let at = 0; at < 40; at += 1) {
      const calls = [invocation({ started_at: Math.floor(nowMs / MINUTE_MS) * MINUTE_MS })];
      await store(org, calls, { instance: `gw-${at}`, receivedAtMs: nowMs });
    }
    await fold(org);
    expect(await countRows(org.org, "lag_minutes")).toBe(1);
    const rows = new BilledRows();
    const range = { fromMs: nowMs - HOUR_MS, toMs: nowMs + MINUTE_MS, stepMs: MINUTE_MS };
    const { series } = await readLag(rows.counting(db), org.org, range, {}, nowMs, NOTHING_PENDING);
    expect(series.slowestFirst()).toHaveLength(40);
    expect(rows.take().rowsRead).toBeLessThanOrEqual(12);
  });

  it("leaves after 48 hours", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    await report(org, 2, nowMs);
    await fold(org);
    const rows = await countRows(org.org, "lag_minutes");
    expect(await pruneLagOnce(db, org.org, nowMs, 100)).toBe(true);
    expect(await countRows(org.org, "lag_minutes")).toBe(rows);
    const later = nowMs + LAG_KEPT_MS;
    expect(await pruneLagOnce(db, org.org, later, 1)).toBe(false);
    expect(await pruneLagOnce(db, org.org, later, 100)).toBe(true);
    expect(await countRows(org.org, "lag_minutes")).toBe(0);
  });
});

describe("A quantile of lag", () => {
  it("is at most 11 % off, and null of no call", () => {
    expect(new LagTally().quantileMs(0.5)).toBeNull();
    for (const lagMs of [0.7, 3, 84, 999, 1_000, 61_234, 3_600_000]) {
      const tally = new LagTally();
      tally.addLagUs(lagMs * 1_000);
      const told = tally.quantileMs(0.5)!;
      expect([lagMs, Math.abs(told / lagMs - 1) < 0.12]).toEqual([lagMs, true]);
    }
  });

  it("of an instance is of the last hour's calls, as readers of instances have it", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    const fields = { duration_ms: 0 };
    await store(org, [invocation({ ...fields, started_at: nowMs - 90 * MINUTE_MS })], {
      receivedAtMs: nowMs,
    });
    await fold(org);
    expect((await readRecentLag(db, org.org, nowMs, NOTHING_PENDING)).size).toBe(0);
    await store(org, [invocation({ ...fields, started_at: nowMs - 8_000 })], {
      receivedAtMs: nowMs,
    });
    await fold(org);
    const told =
      (await readRecentLag(db, org.org, nowMs, NOTHING_PENDING)).get("gw-1")?.quantileMs(0.95) ?? 0;
    expect(Math.abs(told / 8_000 - 1)).toBeLessThan(0.12);
  });
});
