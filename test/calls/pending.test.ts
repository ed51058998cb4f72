import { afterEach, describe, expect, it, vi } from "vitest";
import { foldedOrg } from "#calls/figures/read-figures.ts";
import { foldJob } from "#calls/fold-job.ts";
import { OUTCOMES } from "#calls/outcome.ts";
import { foldAll } from "#calls/store/fold/fold.ts";
import { mergeSmall } from "#calls/store/fold/merge-small.ts";
import type { Org } from "#orgs/org.ts";
import { findOrg } from "#orgs/store/orgs.ts";
import { ingest, makeSample, metricSum, scrape } from "../harness/calls.ts";
import { workerEnv } from "../harness/deployment.ts";
import { makeOrg } from "../harness/orgs.ts";
import { pick, type Random, seeded } from "../harness/random-calls.ts";
import { countRows, db } from "../harness/shard-org.ts";
import { figuresOf } from "./pending-kit.ts";

const MINUTE_MS = 60_000;
const TOOLS = ["list", "get", "delete"];
const PLUGINS = ["github", "jira"];
const WORKSPACES = ["prod", "test"];
const place = { env: workerEnv, shard: "SHARD_0" } as never;
const rowsOf = (org: string) => countRows(org, "arrivals");

afterEach(() => {
  vi.useRealTimers();
});

async function foundOrg(name: string): Promise<Org> {
  return (await findOrg(workerEnv.DIRECTORY, name))!;
}

async function foldRest(name: string): Promise<void> {
  await foldAll(db, foldedOrg(await foundOrg(name)), Date.now, () => false);
}

/** Each name and instance has been counted once. */
async function knownOrg(): Promise<string> {
  const org = await makeOrg();
  const names = WORKSPACES.flatMap((workspace) =>
    PLUGINS.flatMap((plugin) => TOOLS.map((tool) => ({ workspace, plugin, tool }))),
  );
  for (const instance_id of ["gw-1", "gw-2"]) {
    await ingest(
      org,
      names.map((name) => makeSample(name)),
      { instance_id, epoch: 1, seq: 0 },
    );
  }
  await foldRest(org);
  return org;
}

function randomSample(random: Random, nowMs: number) {
  return makeSample({
    workspace: pick(random, WORKSPACES),
    plugin: pick(random, PLUGINS),
    tool: pick(random, TOOLS),
    started_at: nowMs - Math.floor(random() ** 3 * 150 * MINUTE_MS),
    duration_ms: Math.floor(random() ** 4 * 2_000_000) / 1e3,
    outcome: pick(random, OUTCOMES),
  });
}

async function report(org: string, random: Random, seq: number, size: number): Promise<void> {
  const nowMs = Date.now();
  const samples = Array.from({ length: size }, () => randomSample(random, nowMs));
  const instance_id = pick(random, ["gw-1", "gw-2"]);
  await ingest(org, samples, { instance_id, epoch: 1, seq, dropped: seq, final: random() < 0.2 });
}

describe("What is not folded yet", () => {
  it.each([1, 2, 3])("is in every reader's answer as if it were: seed %i", async (seed) => {
    const random = seeded(seed);
    const org = await knownOrg();
    for (let seq = 1; seq <= 12; seq += 1)
      await report(org, random, seq, Math.floor(random() * 40));
    const before = await rowsOf(org);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1 });
    const added = await figuresOf(org, Date.now());
    expect(await rowsOf(org)).toBe(before);
    expect(before).toBe(12);
    await foldRest(org);
    expect(await rowsOf(org)).toBe(0);
    expect(await figuresOf(org, Date.now())).toEqual(added);
  });

  it("is the same when small arrivals are merged, and merged again with later ones", async () => {
    const random = seeded(7);
    const org = await knownOrg();
    const sharded = await foundOrg(org);
    for (const turn of [1, 2]) {
      for (let seq = 1; seq <= 64; seq += 1) await report(org, random, 100 * turn + seq, seq % 2);
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1 });
      const before = await figuresOf(org, Date.now());
      expect(await mergeSmall(db, sharded)).toBe("merged");
      expect(await rowsOf(org)).toBe(1);
      expect(await figuresOf(org, Date.now())).toEqual(before);
      vi.useRealTimers();
    }
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1 });
    const merged = await figuresOf(org, Date.now());
    await foldRest(org);
    expect(await figuresOf(org, Date.now())).toEqual(merged);
  });

  it("is folded by a reader where it has a name that is new", async () => {
    const org = await knownOrg();
    await ingest(org, [makeSample({ tool: "new" })], { instance_id: "gw-1" });
    expect(metricSum(await scrape(org), "mcpg_tool_calls_total", 'tool="new"')).toBe(1);
    expect(await rowsOf(org)).toBe(0);
    await ingest(org, [makeSample({ tool: "new" })], { instance_id: "gw-new" });
    expect(metricSum(await scrape(org), "mcpg_tool_calls_total", 'tool="new"')).toBe(2);
    expect(await rowsOf(org)).toBe(0);
  });
});

describe("A tick", () => {
  const step = async (org: string) => foldJob.step(place, foldedOrg(await foundOrg(org)));

  it("leaves what is little and new, and folds it before it is 15 minutes old", async () => {
    const org = await knownOrg();
    await ingest(org, [makeSample({ workspace: "prod", plugin: "github", tool: "list" })]);
    const nowMs = Date.now();
    vi.useFakeTimers({ toFake: ["Date"], now: nowMs });
    for (let minute = 0; minute < 14; minute += 1) {
      vi.setSystemTime(nowMs + minute * MINUTE_MS);
      expect(await step(org)).toBe("done");
      expect(await rowsOf(org)).toBe(1);
    }
    vi.setSystemTime(nowMs + 14 * MINUTE_MS + 1);
    expect(await step(org)).toBe("done");
    expect(await rowsOf(org)).toBe(0);
  });

  it("folds what is dated by a clock that is ahead", async () => {
    const org = await knownOrg();
    await ingest(org, [makeSample()]);
    const ahead = "UPDATE arrivals SET received_ms = received_ms + 3600000 WHERE org = ?1";
    await db.prepare(ahead).bind(org).run();
    await step(org);
    expect(await rowsOf(org)).toBe(0);
  });

  it("merges 64 small arrivals, and 63 not", async () => {
    const org = await knownOrg();
    const one = () => ingest(org, [makeSample({ tool: "list" })]);
    for (let seq = 0; seq < 63; seq += 1) await one();
    await step(org);
    expect(await rowsOf(org)).toBe(63);
    await one();
    await step(org);
    expect(await rowsOf(org)).toBe(1);
    expect(metricSum(await scrape(org), "mcpg_tool_calls_total", 'tool="list"')).toBe(8 + 64);
  });

  it("folds all of what was there when it became much, chunk after chunk", async () => {
    const org = await knownOrg();
    const tools = Array.from({ length: 4_000 }, (_, tool) => `tool-of-a-long-name-${tool}`);
    for (const turn of [1, 2, 3, 4, 5]) {
      for (let start = 0; start < tools.length; start += 1_000) {
        const samples = tools
          .slice(start, start + 1_000)
          .map((tool) => makeSample({ tool, workspace: "w".repeat(60 + turn) }));
        await ingest(org, samples);
      }
    }
    while ((await step(org)) === "more");
    expect(await rowsOf(org)).toBe(0);
    expect(metricSum(await scrape(org), "mcpg_tool_calls_total")).toBe(24 + 20_000);
  }, 60_000);
});
