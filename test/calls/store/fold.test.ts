import { describe, expect, it } from "vitest";
import { CLASSIC_COUNTS } from "#calls/store/fold/classic-columns.ts";
import { foldAll, foldOnce } from "#calls/store/fold/fold.ts";
import { BucketCounts } from "#formats/exponential-histogram.ts";
import { deleteShardOrg } from "#orgs/store/shard-orgs.ts";
import { LimitedD1 } from "../../harness/limited-d1.ts";
import { newId } from "../../harness/new-id.ts";
import {
  countRows,
  db,
  invocation,
  makeShardOrg,
  type ShardTestOrg,
  store,
  sumOf,
} from "../../harness/shard-org.ts";
import { faultyD1 } from "../../harness/watched-d1.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const never = () => false;

async function foldRest(org: ShardTestOrg, database = db): Promise<void> {
  await foldAll(database, org, Date.now, never);
}

async function okCounts(org: string) {
  return {
    series: await sumOf(org, "series", "ok"),
    hourly: await sumOf(org, "rollups_hourly", "ok"),
    daily: await sumOf(org, "rollups_daily", "ok"),
    arrivals: await countRows(org, "arrivals"),
  };
}

describe("fold", () => {
  it("counts each arrival once when several folds run at once", async () => {
    const org = await makeShardOrg();
    for (let report = 0; report < 6; report += 1) {
      await store(org, [
        invocation(),
        invocation({ tool: "b" }),
        invocation({ tool: `t${report}` }),
      ]);
    }
    await Promise.all(Array.from({ length: 8 }, () => foldRest(org)));
    expect(await okCounts(org.org)).toEqual({ series: 18, hourly: 18, daily: 18, arrivals: 0 });
  });

  it("counts each arrival once when a fold died before its transaction", async () => {
    const org = await makeShardOrg();
    await store(org, [invocation()]);
    const dying = faultyD1(db, (batch) => (batch === 1 ? "before" : null));
    await expect(foldOnce(dying, org, Date.now())).rejects.toThrow();
    expect(await okCounts(org.org)).toEqual({ series: 0, hourly: 0, daily: 0, arrivals: 1 });
    await foldRest(org);
    expect(await okCounts(org.org)).toEqual({ series: 1, hourly: 1, daily: 1, arrivals: 0 });
  });

  it("counts each arrival once when the answer to a fold's transaction was lost", async () => {
    const org = await makeShardOrg();
    await store(org, [invocation()]);
    const dying = faultyD1(db, (batch) => (batch === 1 ? "after" : null));
    await expect(foldOnce(dying, org, Date.now())).rejects.toThrow();
    await foldRest(org);
    expect(await okCounts(org.org)).toEqual({ series: 1, hourly: 1, daily: 1, arrivals: 0 });
  });

  it("counts what arrives between a fold's read and its write in the next fold", async () => {
    const org = await makeShardOrg();
    await store(org, [invocation()]);
    const slow = new Proxy(db, {
      get: (target, property) => {
        if (property !== "batch") return Reflect.get(target, property).bind(target);
        return async (statements: D1PreparedStatement[]) => {
          const results = await target.batch(statements);
          if (statements.length === 2) await store(org, [invocation({ tool: "late" })]);
          return results;
        };
      },
    });
    await foldOnce(slow, org, Date.now());
    expect(await okCounts(org.org)).toMatchObject({ series: 1, arrivals: 1 });
    await foldRest(org);
    expect(await okCounts(org.org)).toMatchObject({ series: 2, arrivals: 0 });
  });

  it("counts a backlog whose reports name the same series again and again once, racing and dying", async () => {
    const org = await makeShardOrg();
    const samples = Array.from({ length: 4_000 }, (_, tool) => invocation({ tool: `t${tool}` }));
    for (let round = 0; round < 3; round += 1) {
      for (let start = 0; start < samples.length; start += 800) {
        const renamed = samples
          .slice(start, start + 800)
          .map((sample) => ({ ...sample, id: newId() }));
        await store(org, renamed, { epochMs: 1, seq: round * 5 + start / 800 });
      }
    }
    // What answers may have added is counted first, and nothing regrouped before it.
    expect(await foldOnce(db, org, Date.now())).toBe("folded");
    expect(await okCounts(org.org)).toMatchObject({ series: 3_200, arrivals: 11 });
    const dying = faultyD1(db, (batch) => (batch === 1 ? "after" : null));
    await expect(foldOnce(dying, org, Date.now())).rejects.toThrow();
    expect(await okCounts(org.org)).toMatchObject({ series: 3_200, arrivals: 13 });
    const slow = new LimitedD1(db);
    await Promise.all([foldRest(org), foldRest(org, slow.database), foldRest(org)]);
    const all = 12_000;
    expect(await okCounts(org.org)).toEqual({ series: all, hourly: all, daily: all, arrivals: 0 });
    expect(await countRows(org.org, "series")).toBe(4_000);
    const instance = await db
      .prepare("SELECT instance, reports FROM instances WHERE org = ?1")
      .bind(org.org)
      .first<{ instance: string; reports: string }>();
    expect(instance?.instance).toBe("gw-1");
    expect(JSON.parse(instance?.reports ?? "")).toMatchObject({ epochs: [{ ranges: [[0, 14]] }] });
  });

  it("puts a late sample into its own hour and day, and adds it to the totals", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    await store(org, [invocation()]);
    await foldRest(org);
    await store(org, [invocation({ started_at: nowMs - 23 * HOUR_MS })]);
    await foldRest(org);
    const { results } = await db
      .prepare("SELECT hour, ok FROM rollups_hourly WHERE org = ?1 ORDER BY hour")
      .bind(org.org)
      .all();
    const hour = Math.floor(nowMs / HOUR_MS);
    expect(results).toEqual([
      { hour: Math.floor((nowMs - 23 * HOUR_MS) / HOUR_MS), ok: 1 },
      { hour, ok: 1 },
    ]);
    expect(await sumOf(org.org, "series", "ok")).toBe(2);
    const days = new Set([nowMs - 23 * HOUR_MS, nowMs].map((ms) => Math.floor(ms / DAY_MS)));
    expect(await countRows(org.org, "rollups_daily")).toBe(days.size);
  });

  it("catches up a backlog of days, chunk after chunk, each inside D1's limits", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    for (let report = 0; report < 12; report += 1) {
      const receivedAtMs = nowMs - (12 - report) * 12 * HOUR_MS;
      const samples = Array.from({ length: 700 }, (_, tool) =>
        invocation({ tool: `t${tool}`, started_at: receivedAtMs - 1_000 }, receivedAtMs),
      );
      await store(org, samples, { receivedAtMs });
    }
    let chunks = 0;
    for (;;) {
      const limited = new LimitedD1(db);
      if ((await foldOnce(limited.database, org, nowMs)) === "empty") break;
      chunks += 1;
    }
    expect(chunks).toBeGreaterThan(1);
    expect(await okCounts(org.org)).toEqual({
      series: 8_400,
      hourly: 8_400,
      daily: 8_400,
      arrivals: 0,
    });
    expect(await countRows(org.org, "rollups_hourly")).toBe(8_400);
  });

  it("adds up histograms, sums, extremes and classic buckets exactly", async () => {
    const org = await makeShardOrg();
    const durationsMs = [0, 0.001, 3.9, 4, 84.2, 84.2, 1_000, 64_000, 64_001, 86_400_000];
    for (const duration_ms of durationsMs) {
      await store(org, [invocation({ duration_ms })]);
      await foldRest(org);
    }
    const row = await db
      .prepare(
        `SELECT *, json(histogram) AS buckets, ${CLASSIC_COUNTS} AS classic FROM series WHERE org = ?1`,
      )
      .bind(org.org)
      .first<Record<string, number | string>>();
    const counts = new BucketCounts();
    counts.addJson(String(row?.["buckets"]));
    expect(counts.total).toBe(durationsMs.length);
    expect(row?.["sum_us"]).toBe(durationsMs.reduce((sum, ms) => sum + Math.round(ms * 1e3), 0));
    const classic = JSON.parse(String(row?.["classic"]));
    expect(classic).toEqual([
      ...[2, 0, 1, 1, 0, 0, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 1],
      ...[1, 0, 0, 0, 1, 0],
    ]);
    const rollup = await db
      .prepare("SELECT min_us, max_us FROM rollups_daily WHERE org = ?1")
      .bind(org.org)
      .first();
    expect(rollup).toEqual({ min_us: 0, max_us: 86_400_000_000 });
  });

  it("keeps replays out of latency", async () => {
    const org = await makeShardOrg();
    await store(org, [invocation({ outcome: "idempotent_replay", duration_ms: 5_000 })]);
    await foldRest(org);
    const row = await db
      .prepare(
        "SELECT idempotent_replay, sum_us, json(histogram) AS histogram FROM series WHERE org = ?1",
      )
      .bind(org.org)
      .first();
    expect(row).toEqual({ idempotent_replay: 1, sum_us: 0, histogram: "{}" });
    const rollup = await db
      .prepare("SELECT min_us, max_us FROM rollups_hourly WHERE org = ?1")
      .bind(org.org)
      .first();
    expect(rollup).toEqual({ min_us: null, max_us: null });
    await store(org, [invocation({ duration_ms: 7 })]);
    await foldRest(org);
    expect(await sumOf(org.org, "rollups_hourly", "min_us")).toBe(7_000);
  });

  it("counts what is above the series cap under __other__, whoever wins the last place", async () => {
    const org = await makeShardOrg(3);
    for (let report = 0; report < 5; report += 1) {
      await store(org, [invocation({ tool: `t${report}` }), invocation({ tool: `u${report}` })]);
    }
    await Promise.all([foldRest(org), foldRest(org), foldRest(org)]);
    expect(await countRows(org.org, "series")).toBe(4);
    const sql = "SELECT ok FROM series WHERE org = ?1 AND tool = '__other__'";
    expect(await db.prepare(sql).bind(org.org).first("ok")).toBe(7);
    expect(await sumOf(org.org, "series", "ok")).toBe(10);
  });

  it("counts names beyond the cap on their bytes under __other__, whoever wins the last of it", async () => {
    const org = await makeShardOrg(100, 200);
    const named = (tool: string) => invocation({ workspace: "w", plugin: "p", tool });
    // Of 38 bytes each; a short one still finds room where a long one does not.
    const long = Array.from({ length: 30 }, (_, index) => named(`€`.repeat(11) + (100 + index)));
    for (const call of long) await store(org, [call]);
    await Promise.all([foldRest(org), foldRest(org), foldRest(org)]);
    await store(org, [named("x"), named("€".repeat(11))]);
    await Promise.all([foldRest(org), foldRest(org)]);
    const sql = `SELECT count(*) AS series, sum(length(CAST(workspace || plugin || tool AS BLOB))) AS bytes
      FROM series WHERE org = ?1 AND tool <> '__other__'`;
    expect(await db.prepare(sql).bind(org.org).first()).toEqual({ series: 6, bytes: 5 * 38 + 3 });
    expect(await sumOf(org.org, "series", "ok")).toBe(32);
  });

  it("lets a series that was idle for 30 days leave the cap, and come back from its total", async () => {
    const org = await makeShardOrg(1);
    const longAgoMs = Date.now() - 40 * 24 * HOUR_MS;
    await store(org, [invocation({ tool: "old", started_at: longAgoMs }, longAgoMs)], {
      receivedAtMs: longAgoMs,
    });
    await foldAll(db, org, () => longAgoMs, never);
    await store(org, [invocation({ tool: "new" })]);
    await foldRest(org);
    expect(await countRows(org.org, "series")).toBe(2);
    await store(org, [invocation({ tool: "old" })]);
    await foldAll(db, { ...org, seriesMax: 2 }, Date.now, never);
    const sql = "SELECT ok FROM series WHERE org = ?1 AND tool = 'old'";
    expect(await db.prepare(sql).bind(org.org).first("ok")).toBe(2);
  });

  it("keeps no time that is yet to come: what a clock that was ahead has written gives way to what arrives", async () => {
    const org = await makeShardOrg();
    const seen = async () => ({
      series: await sumOf(org.org, "series", "last_seen_ms"),
      instance: await sumOf(org.org, "instances", "last_report_ms"),
    });
    const nowMs = Date.now();
    const farMs = nowMs + 3_650 * 24 * HOUR_MS;
    // Received by a clock that is ahead, and folded by one that is not.
    await store(org, [invocation({ started_at: farMs }, farMs)], { receivedAtMs: farMs });
    await foldAll(db, org, () => nowMs, never);
    expect(await seen()).toEqual({ series: nowMs, instance: nowMs });
    await store(org, [invocation({ started_at: farMs }, farMs)], { receivedAtMs: farMs });
    await foldAll(db, org, () => farMs, never);
    expect(await seen()).toEqual({ series: farMs, instance: farMs });
    await store(org, [invocation()], { receivedAtMs: nowMs + 5 });
    await foldAll(db, org, () => nowMs + 7, never);
    expect(await seen()).toEqual({ series: nowMs + 5, instance: nowMs + 5 });
    // Another machine's clock may be a little behind.
    await store(org, [invocation()], { receivedAtMs: nowMs - 500 });
    await foldAll(db, org, () => nowMs - 400, never);
    expect(await seen()).toEqual({ series: nowMs + 5, instance: nowMs + 5 });
  });

  it("keeps the latest exemplar of each bucket", async () => {
    const org = await makeShardOrg();
    const trace_id = "0af7651916cd43dd8448eb211c80319c";
    await store(org, [invocation({ duration_ms: 100 })]);
    await foldRest(org);
    const last = invocation({ duration_ms: 101, trace_id });
    await store(org, [last, invocation({ duration_ms: 9_000 })]);
    await foldRest(org);
    const stored = await db
      .prepare("SELECT json(exemplars) AS exemplars FROM series WHERE org = ?1")
      .bind(org.org)
      .first<string>("exemplars");
    const exemplars = JSON.parse(stored ?? "") as Record<string, unknown[]>;
    expect(Object.keys(exemplars).sort()).toEqual(["14", "7"]);
    expect(exemplars["7"]?.slice(2)).toEqual([last.id, trace_id]);
  });

  it("tells by the first report that is counted when a series and an instance began, for good", async () => {
    const org = await makeShardOrg(2);
    const nowMs = Date.now();
    const [beforeMs, firstMs, laterMs] = [nowMs - 9_000, nowMs - 8_000, nowMs - 1_000];
    // Counted last, as a caller's call that waited is: it is not the first that was counted.
    for (const receivedAtMs of [laterMs, firstMs]) {
      await store(org, [invocation()], { receivedAtMs });
    }
    await foldRest(org);
    for (const receivedAtMs of [Date.now(), beforeMs]) {
      await store(org, [invocation(), invocation({ tool: "above" }), invocation({ tool: "cap" })], {
        receivedAtMs,
      });
      await foldRest(org);
    }
    const created = async (table: string, where: string) =>
      db
        .prepare(`SELECT created_ms FROM ${table} WHERE org = ?1 AND ${where}`)
        .bind(org.org)
        .first("created_ms");
    expect(await created("series", "tool = 'list_repos'")).toBe(firstMs);
    expect(await created("series", "tool = '__other__'")).toBeGreaterThan(laterMs);
    expect(await created("instances", "instance = 'gw-1'")).toBe(firstMs);
  });

  it("writes nothing for an org that was deleted", async () => {
    const org = await makeShardOrg();
    await store(org, [invocation()]);
    await deleteShardOrg(db, org.org);
    await foldRest(org);
    expect(await okCounts(org.org)).toEqual({ series: 0, hourly: 0, daily: 0, arrivals: 1 });
  });

  it("counts instances beyond the thousandth as __other__", async () => {
    const org = await makeShardOrg();
    const reports = Array.from({ length: 1_010 }, (_, index) => index);
    for (let start = 0; start < reports.length; start += 101) {
      const chunk = reports.slice(start, start + 101);
      await Promise.all(chunk.map((index) => store(org, [], { instance: `gw-${index}` })));
      await foldRest(org);
    }
    expect(await countRows(org.org, "instances")).toBe(1_001);
    // One of so many says nothing of the others.
    await store(org, [], { instance: "gw-2000", isFinal: true });
    await foldRest(org);
    expect(await departed(org)).toEqual([]);
  });

  it("keeps a goodbye, or takes it back, whoever folds which of its reports when", async () => {
    const org = await makeShardOrg();
    const slow = new LimitedD1(db);
    const instances = ["stays", "goes", "returns"];
    const lastSeq = { stays: -1, goes: 19, returns: 12 } as Record<string, number>;
    const reports = instances.flatMap((instance) =>
      Array.from({ length: 20 }, (_, seq) => ({
        instance,
        seq,
        isFinal: seq === lastSeq[instance],
      })),
    );
    const folding = async () => {
      for (let round = 0; round < 6; round += 1) {
        await Promise.all([
          foldRest(org),
          foldRest(org, slow.database),
          foldOnce(db, org, Date.now()),
        ]);
      }
    };
    const sending = Promise.all(
      reports.map((report, index) =>
        store(org, index % 5 === 0 ? [invocation()] : [], { ...report, epochMs: 1 }),
      ),
    );
    await Promise.all([sending, folding()]);
    await foldRest(org);
    expect(await departed(org)).toEqual(["goes"]);
    expect(await sumOf(org.org, "series", "ok")).toBe(12);
  });

  it("keeps the goodbye of a report whose series are regrouped", async () => {
    const org = await makeShardOrg();
    const samples = Array.from({ length: 3_200 }, (_, tool) => ({ tool: `t${tool}` }));
    for (let seq = 0; seq < 8; seq += 1) {
      const part = samples.slice((seq % 4) * 800, (seq % 4) * 800 + 800);
      const calls = part.map((fields) => invocation(fields));
      await store(org, calls, { epochMs: 1, seq, isFinal: seq === 7 });
    }
    await foldRest(org);
    expect(await departed(org)).toEqual(["gw-1"]);
    expect(await sumOf(org.org, "series", "ok")).toBe(6_400);
  });
});

async function departed({ org }: { org: string }): Promise<string[]> {
  const sql = "SELECT instance FROM instances WHERE org = ?1 AND has_departed = 1";
  const { results } = await db.prepare(sql).bind(org).all<{ instance: string }>();
  return results.map(({ instance }) => instance);
}
