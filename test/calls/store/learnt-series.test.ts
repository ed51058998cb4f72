import { describe, expect, it } from "vitest";
import type { SeriesName } from "#calls/arrival.ts";
import { learnSeries } from "#calls/learn-series.ts";
import { foldAll } from "#calls/store/fold/fold.ts";
import { deleteUncounted, insertLearnt } from "#calls/store/learnt-series.ts";
import { findOrg } from "#orgs/store/orgs.ts";
import { deleteShardOrg } from "#orgs/store/shard-orgs.ts";
import { BilledRows } from "../../harness/billed-rows.ts";
import { ingest, makeSample, metricSum, scrape } from "../../harness/calls.ts";
import { call, workerEnv } from "../../harness/deployment.ts";
import { makeOrg } from "../../harness/orgs.ts";
import { countRows, db, invocation, makeShardOrg, store, sumOf } from "../../harness/shard-org.ts";

const DAY_MS = 86_400_000;
const names = (...tools: string[]): SeriesName[] => tools.map((tool) => ["prod", "github", tool]);
const listed = (...tools: string[]) =>
  tools.map((tool) => ({ workspace: "prod", plugin: "github", tool }));
const never = () => false;

const seriesOf = async (org: string) => {
  const select =
    "SELECT series, tool, last_seen_ms AS seenMs FROM series WHERE org = ?1 ORDER BY series";
  return (
    await db.prepare(select).bind(org).all<{ series: number; tool: string; seenMs: number }>()
  ).results;
};
const foldsOf = (org: string) =>
  db.prepare("SELECT folds FROM orgs WHERE org = ?1").bind(org).first<number>("folds");

describe("A tool that is learnt from a list", () => {
  it("stands at zero in every family, both counters together, and counts on from there", async () => {
    const org = await makeOrg();
    const found = (await findOrg(workerEnv.DIRECTORY, org))!;
    await learnSeries(workerEnv, found, listed("search", "fetch"));
    const label = 'tool="search"';
    for (const accept of ["text/plain", "application/openmetrics-text"]) {
      const page = await scrape(org, "", accept);
      for (const name of [
        "mcpg_tool_calls_total",
        "mcpg_tool_errors_total",
        "mcpg_tool_invocations_total",
        "mcpg_tool_duration_seconds_count",
        "mcpg_tool_duration_seconds_sum",
      ]) {
        expect([name, page.includes(`${name}{`), metricSum(page, name, label)]).toEqual([
          name,
          true,
          0,
        ]);
      }
      expect(page).toContain(
        `mcpg_tool_calls_total{org="${org}",workspace="prod",plugin="github",tool="search"} 0`,
      );
      expect(page).toContain(
        `mcpg_tool_errors_total{org="${org}",workspace="prod",plugin="github",tool="search"} 0`,
      );
      expect(page).toContain(
        `mcpg_tool_latency_ms{quantile="0.5",org="${org}",plugin="github",tool="search"} NaN`,
      );
    }
    const protobuf = await call("GET", `/v1/orgs/${org}/metrics`, {
      headers: {
        accept:
          "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
      },
    });
    expect([protobuf.status, (await protobuf.arrayBuffer()).byteLength > 0]).toEqual([200, true]);
    const errors = Array.from({ length: 100 }, () =>
      makeSample({ tool: "search", outcome: "server_error" }),
    );
    await ingest(org, errors);
    const page = await scrape(org);
    expect(metricSum(page, "mcpg_tool_errors_total", label)).toBe(100);
    expect(metricSum(page, "mcpg_tool_calls_total", label)).toBe(100);
    expect(metricSum(page, "mcpg_tool_calls_total", 'tool="fetch"')).toBe(0);
  });

  it("was created when it was learnt, so that the zero before its first calls is told as one", async () => {
    const org = await makeOrg();
    const before = Date.now();
    await learnSeries(workerEnv, (await findOrg(workerEnv.DIRECTORY, org))!, listed("search"));
    const after = Date.now();
    await ingest(org, [makeSample({ tool: "search" })]);
    const page = await scrape(
      org,
      "",
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8",
    );
    const [, created] = /^mcpg_tool_calls_created\{.*tool="search"\} (\S+)$/m.exec(page) ?? [];
    expect(Number(created) * 1e3).toBeGreaterThanOrEqual(before - 5_000);
    expect(Number(created) * 1e3).toBeLessThanOrEqual(after - 5_000);
  });

  it("costs no write once it is there, and four rows each when it is new, and one for all", async () => {
    const org = await makeShardOrg();
    const billed = new BilledRows();
    const counted = billed.counting(db);
    await insertLearnt(counted, org, names("a", "b", "c"), Date.now());
    // A row and its three index entries (key, name, tool) each; the org's row, for the number of the next.
    expect(billed.take().rowsWritten).toBe(3 * 4 + 1);
    await insertLearnt(counted, org, names("a", "b", "c"), Date.now());
    expect(billed.take().rowsWritten).toBe(0);
    expect((await seriesOf(org.org)).map(({ series, tool }) => [series, tool])).toEqual([
      [1, "a"],
      [2, "b"],
      [3, "c"],
    ]);
  });

  it("is not created beyond the caps, counts nothing as __other__, and writes nothing where there is no room", async () => {
    const org = await makeShardOrg(3);
    const billed = new BilledRows();
    await insertLearnt(db, org, names("a", "b", "c", "d", "e"), Date.now());
    expect((await seriesOf(org.org)).map(({ tool }) => tool)).toEqual(["a", "b", "c"]);
    await insertLearnt(billed.counting(db), org, names("a", "b", "c", "d", "e"), Date.now());
    expect(billed.take().rowsWritten).toBe(0);
    // 4 bytes of prod, 6 of github, and the tool's.
    const short = await makeShardOrg(10, 30);
    await insertLearnt(db, short, names("aaaa", "bbbb", "cccc"), Date.now());
    expect((await seriesOf(short.org)).map(({ tool }) => tool)).toEqual(["aaaa", "bbbb"]);
  });

  it("leaves no room that calls had, whoever comes first: learning races ingest and folds", async () => {
    const org = await makeShardOrg(40);
    const rounds = Array.from({ length: 12 }, (_, round) => round);
    await Promise.all([
      ...rounds.map(async (round) => {
        const tools = Array.from({ length: 5 }, (_, tool) => `t${(round * 3 + tool) % 30}`);
        await store(
          org,
          tools.map((tool) => invocation({ tool })),
          { epochMs: 1, seq: round },
        );
        await foldAll(db, org, Date.now, never);
      }),
      ...rounds.map((round) =>
        insertLearnt(
          db,
          org,
          names(`t${round}`, `t${round + 1}`, `new${round}`, `shared${round % 4}`),
          Date.now(),
        ),
      ),
      ...rounds.map((round) => deleteUncounted(db, org, names(`t${round}`, `new${round}`))),
    ]);
    await foldAll(db, org, Date.now, never);
    expect(await sumOf(org.org, "series", "ok")).toBe(60);
    expect(await sumOf(org.org, "rollups_hourly", "ok")).toBe(60);
    expect(await countRows(org.org, "arrivals")).toBe(0);
    const rows = await seriesOf(org.org);
    expect(new Set(rows.map(({ tool }) => tool)).size).toBe(rows.length);
    expect(rows.filter(({ tool }) => tool !== "__other__").length).toBeLessThanOrEqual(40);
    const strays = `SELECT count(*) AS n FROM rollups_hourly r WHERE org = ?1 AND NOT EXISTS
      (SELECT 1 FROM series s WHERE s.org = r.org AND s.series = r.series)`;
    expect(await db.prepare(strays).bind(org.org).first("n")).toBe(0);
  });

  it("makes a fold that decided before begin anew: it counts once, under the row that is there", async () => {
    const org = await makeShardOrg();
    await store(org, [invocation({ tool: "a" })]);
    const slow = new Proxy(db, {
      get: (target, property) => {
        if (property !== "batch") return Reflect.get(target, property).bind(target);
        return async (statements: D1PreparedStatement[]) => {
          // Between what the fold read and its transaction.
          if (statements.length > 2) await insertLearnt(db, org, names("a"), Date.now());
          return target.batch(statements);
        };
      },
    });
    const folds = await foldsOf(org.org);
    await foldAll(slow, org, Date.now, never);
    expect(await sumOf(org.org, "series", "ok")).toBe(1);
    expect((await seriesOf(org.org)).length).toBe(1);
    expect(await foldsOf(org.org)).toBe((folds ?? 0) + 2);
  });

  it("stays while it is listed, leaves 30 days after, and a row that never counted goes with the next list", async () => {
    const org = await makeShardOrg();
    const startMs = Date.now() - 70 * DAY_MS;
    await insertLearnt(db, org, names("kept", "gone"), startMs);
    await insertLearnt(db, org, names("kept"), startMs + 14 * DAY_MS);
    expect((await seriesOf(org.org)).map(({ seenMs }) => seenMs)).toEqual([startMs, startMs]);
    await insertLearnt(db, org, names("kept"), startMs + 16 * DAY_MS);
    expect((await seriesOf(org.org)).map(({ seenMs }) => (seenMs - startMs) / DAY_MS)).toEqual([
      16, 0,
    ]);
    await insertLearnt(db, org, names("kept", "new"), startMs + 31 * DAY_MS);
    expect((await seriesOf(org.org)).map(({ tool }) => tool)).toEqual(["kept", "new"]);
  });

  it("comes back after 30 days at its stored total, as far as there is room", async () => {
    const org = await makeShardOrg(1);
    await store(org, [invocation({ tool: "old" })]);
    await foldAll(db, org, Date.now, never);
    const laterMs = Date.now() + 31 * DAY_MS;
    await insertLearnt(db, org, names("young"), laterMs);
    await insertLearnt(db, org, names("old"), laterMs);
    expect((await seriesOf(org.org)).map(({ tool, seenMs }) => [tool, seenMs === laterMs])).toEqual(
      [
        ["old", false],
        ["young", true],
      ],
    );
    await deleteUncounted(db, org, names("young", "old"));
    await insertLearnt(db, org, names("old"), laterMs);
    expect((await seriesOf(org.org)).map(({ tool, seenMs }) => [tool, seenMs === laterMs])).toEqual(
      [["old", true]],
    );
    expect(await sumOf(org.org, "series", "ok")).toBe(1);
  });

  it("is not taken away once it has counted", async () => {
    const org = await makeShardOrg();
    await insertLearnt(db, org, names("called", "never"), Date.now());
    await store(org, [invocation({ tool: "called", outcome: "idempotent_replay" })]);
    await foldAll(db, org, Date.now, never);
    await deleteUncounted(db, org, names("called", "never"));
    expect((await seriesOf(org.org)).map(({ tool }) => tool)).toEqual(["called"]);
  });

  it("is not written for an org that is deleted, moved, or whose metrics are disabled", async () => {
    const org = await makeShardOrg();
    await insertLearnt(db, { ...org, generation: 2 }, names("a"), Date.now());
    await deleteShardOrg(db, org.org);
    await insertLearnt(db, org, names("a"), Date.now());
    expect(await seriesOf(org.org)).toEqual([]);
    const silent = await makeOrg();
    await call("PUT", `/v1/orgs/${silent}/observability`, {
      body: { metrics: { enabled: false } },
    });
    await learnSeries(workerEnv, (await findOrg(workerEnv.DIRECTORY, silent))!, listed("a"));
    expect(await seriesOf(silent)).toEqual([]);
  });

  it("has a name that a sample may have: others, and ours, are passed over", async () => {
    const org = await makeOrg();
    const odd = ["", "x".repeat(129), "a\0b", "\ud800", "__other__", "__unknown__", "fine", "fine"];
    await learnSeries(workerEnv, (await findOrg(workerEnv.DIRECTORY, org))!, listed(...odd));
    expect((await seriesOf(org)).map(({ tool }) => tool)).toEqual(["fine"]);
  });
});
