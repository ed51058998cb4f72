import { describe, expect, it } from "vitest";
import { getJson } from "../../harness/answers.ts";
import { ingest, makeSample } from "../../harness/calls.ts";
import { call, workerEnv } from "../../harness/deployment.ts";
import { makeOrg } from "../../harness/orgs.ts";

const HOUR_MS = 3_600_000;

interface RollupList {
  rollups: Record<string, unknown>[];
  next_cursor: string | null;
}

describe("GET /rollups", () => {
  it("includes the open hour, live", async () => {
    const org = await makeOrg();
    await ingest(org, [
      makeSample({ duration_ms: 100 }),
      makeSample({ outcome: "client_error", duration_ms: 300 }),
    ]);
    const { rollups } = await getJson<RollupList>(`/v1/orgs/${org}/rollups`);
    const hourStart = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS).toISOString();
    expect(rollups).toMatchObject([
      {
        window_start: hourStart,
        workspace: "prod",
        plugin: "github",
        tool: "list_repos",
        calls: 2,
        errors: 1,
        outcomes: { ok: 1, client_error: 1, idempotent_replay: 0 },
        max_ms: 300,
        mean_ms: 200,
      },
    ]);
  });

  it("counts a late sample in its own hour", async () => {
    const org = await makeOrg();
    await ingest(org, [makeSample({ started_at: Date.now() - 5 * HOUR_MS }), makeSample()]);
    const { rollups } = await getJson<RollupList>(`/v1/orgs/${org}/rollups`);
    const starts = rollups.map((row) => Date.parse(String(row["window_start"])));
    expect(starts).toHaveLength(2);
    expect((starts[0] ?? 0) - (starts[1] ?? 0)).toBe(5 * HOUR_MS);
  });

  it("gives null latency where there were replays only", async () => {
    const org = await makeOrg();
    await ingest(org, [makeSample({ outcome: "idempotent_replay" })]);
    const { rollups } = await getJson<RollupList>(`/v1/orgs/${org}/rollups`);
    expect(rollups).toMatchObject([
      { calls: 0, errors: 0, p50_ms: null, max_ms: null, mean_ms: null },
    ]);
  });

  it("groups as asked, percentiles over the merged histograms", async () => {
    const org = await makeOrg();
    await ingest(org, [
      makeSample({ workspace: "a", duration_ms: 10 }),
      makeSample({ workspace: "b", duration_ms: 1_000 }),
      makeSample({ workspace: "b", tool: "other", duration_ms: 5 }),
    ]);
    const byTool = await getJson<RollupList>(`/v1/orgs/${org}/rollups?group_by=plugin,tool`);
    expect(byTool.rollups).toMatchObject([
      { plugin: "github", tool: "list_repos", calls: 2, max_ms: 1_000 },
      { plugin: "github", tool: "other", calls: 1 },
    ]);
    expect(byTool.rollups[0]).not.toHaveProperty("workspace");
    const filtered = await getJson<RollupList>(
      `/v1/orgs/${org}/rollups?workspace=b&group_by=workspace`,
    );
    expect(filtered.rollups).toMatchObject([{ workspace: "b", calls: 2 }]);
    const day = await getJson<RollupList>(
      `/v1/orgs/${org}/rollups?granularity=day&group_by=plugin`,
    );
    expect(day.rollups).toMatchObject([{ plugin: "github", calls: 3 }]);
  });

  it("pages every group once, newest window first", async () => {
    const org = await makeOrg();
    const nowMs = Date.now();
    const samples = Array.from({ length: 60 }, (_, index) =>
      makeSample({ tool: `t${index % 20}`, started_at: nowMs - (index % 3) * HOUR_MS }),
    );
    await ingest(org, samples);
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query = cursor === "" ? "" : `&cursor=${cursor}`;
      const page: RollupList = await getJson(`/v1/orgs/${org}/rollups?limit=7${query}`);
      seen.push(...page.rollups.map((row) => `${row["window_start"]} ${row["tool"]}`));
      cursor = page.next_cursor;
    }
    expect(new Set(seen).size).toBe(60);
    expect(seen).toHaveLength(60);
    const windows = seen.map((key) => key.slice(0, 24));
    expect(windows).toEqual([...windows].sort().reverse());
  });

  it("takes windows that start in [from, to)", async () => {
    const org = await makeOrg();
    const hourMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
    await ingest(
      org,
      [0, 1, 2, 3].map((hours) => makeSample({ started_at: hourMs - hours * HOUR_MS + 1 })),
    );
    const range = `from=${hourMs - 2 * HOUR_MS}&to=${hourMs}`;
    const { rollups } = await getJson<RollupList>(`/v1/orgs/${org}/rollups?${range}`);
    expect(rollups.map((row) => Date.parse(String(row["window_start"])))).toEqual([
      hourMs - HOUR_MS,
      hourMs - 2 * HOUR_MS,
    ]);
    const filtered = await getJson<RollupList>(`/v1/orgs/${org}/rollups?${range}&tool=list_repos`);
    expect(filtered).toEqual({ rollups, next_cursor: null });
  });

  it.each([
    "granularity=minute",
    "group_by=colour",
    "from=x",
    "from=2026-11-22T00:00:00Z&to=2026-11-21T00:00:00Z",
  ])("refuses %s with 400", async (query) => {
    expect((await call("GET", `/v1/orgs/${await makeOrg()}/rollups?${query}`)).status).toBe(400);
  });

  it("takes no cursor beyond its range: a forged one is refused or narrows nothing", async () => {
    const org = await makeOrg();
    await ingest(org, [makeSample()]);
    const forged = (windowNumber: number) =>
      btoa(JSON.stringify(["rollups", "hour", "workspace,plugin,tool", windowNumber, "", 0]))
        .replaceAll("+", "-")
        .replaceAll("/", "_")
        .replaceAll("=", "");
    const path = `/v1/orgs/${org}/rollups?plugin=github&cursor=`;
    expect((await call("GET", path + forged(1e308))).status).toBe(400);
    const { rollups } = await getJson<RollupList>(path + forged(1e12));
    expect(rollups).toHaveLength(1);
  });

  it("carries on from a page that was cut short, every window once", async () => {
    const org = await makeOrg();
    const nowMs = Date.now();
    const tools = Array.from({ length: 900 }, (_, tool) => `t${tool}`);
    for (let hours = 0; hours < 6; hours += 1) {
      const started_at = nowMs - hours * 4 * HOUR_MS + 1;
      await ingest(
        org,
        tools.map((tool) => makeSample({ tool, started_at })),
      );
    }
    await getJson(`/v1/orgs/${org}/rollups?limit=1`);
    const db = workerEnv.SHARD_0;
    await db
      .prepare("UPDATE rollups_hourly SET hour = hour - 120 WHERE org = ?1 AND hour < ?2")
      .bind(org, Math.floor(nowMs / HOUR_MS) - 10)
      .run();
    const seen: unknown[] = [];
    let pages = 0;
    let cursor: string | null = "";
    while (cursor !== null) {
      const query = cursor === "" ? "" : `&cursor=${cursor}`;
      const from = nowMs - 30 * 24 * HOUR_MS;
      const page: RollupList = await getJson(
        `/v1/orgs/${org}/rollups?from=${from}&group_by=plugin${query}`,
      );
      seen.push(...page.rollups.map((row) => row["window_start"]));
      cursor = page.next_cursor;
      pages += 1;
    }
    expect(pages).toBeGreaterThan(1);
    expect(new Set(seen).size).toBe(6);
    expect(seen).toHaveLength(6);
  });

  it("refuses a cursor of another grouping", async () => {
    const org = await makeOrg();
    await ingest(org, [makeSample({ tool: "a" }), makeSample({ tool: "b" })]);
    const page = await getJson<RollupList>(`/v1/orgs/${org}/rollups?limit=1`);
    const path = `/v1/orgs/${org}/rollups?group_by=tool&cursor=${page.next_cursor}`;
    expect((await call("GET", path)).status).toBe(400);
  });
});
