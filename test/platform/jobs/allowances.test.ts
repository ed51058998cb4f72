import { describe, expect, it } from "vitest";
import { jobs } from "#capabilities.ts";
import { type Allowances, allowances, RUNS_MAX } from "#platform/jobs/allowances.ts";
import { type AnyJob, RUN_QUERIES_MAX } from "#platform/jobs/job.ts";

const MINUTE_MS = 60_000;

function shardsOf(count: number): string[] {
  return Array.from({ length: count }, (_, shard) => `SHARD_${shard}`);
}

function total(jobsOfTick: readonly AnyJob[], shards: number, minute = 0): number {
  const allowed = allowances(jobsOfTick, shardsOf(shards), minute * MINUTE_MS);
  return [...allowed.values()].flatMap((runs) => [...runs.values()]).reduce((a, b) => a + b, 0);
}

function job(name: string, share: number, runsMax?: number): AnyJob {
  const limit = runsMax === undefined ? {} : { runsMax };
  const work = { list: async () => [], subjectOf: () => "", step: async () => "done" as const };
  return { name, share, queries: 1, ...limit, ...work };
}

describe("What a job may start in a tick", () => {
  it("is its share of 30 runs, divided by the shards, and one at least", () => {
    const [large, small] = [job("large", 0.5), job("small", 0.01)];
    const runs = (shards: number) =>
      [...allowances([large, small], shardsOf(shards), 0).values()].map((one) => [...one.values()]);
    expect(runs(1)).toEqual([[15, 1]]);
    expect(runs(2)).toEqual([
      [7, 1],
      [7, 1],
    ]);
  });

  it("is no more than a sweep asks for", () => {
    expect(total([job("sweep", 0.5, 1)], 1)).toBe(1);
  });

  it("is never more than the runtime allows for, however many shards there are", () => {
    for (let shards = 1; shards <= 64; shards += 1) {
      expect(total(jobs, shards)).toBeLessThanOrEqual(RUNS_MAX);
    }
  });

  it("leaves every job one, whatever the others' shares", () => {
    const [ofShard] = allowances([job("greedy", 1), job("modest", 0)], shardsOf(1), 0).values();
    expect([...(ofShard ?? [])]).toEqual([
      ["greedy", 29],
      ["modest", 1],
    ]);
  });

  it("comes to every job of every shard in turn, where there is not one for each", () => {
    const shards = shardsOf(20);
    const minutes = Math.ceil((shards.length * jobs.length) / RUNS_MAX);
    const served = Array.from({ length: minutes }, (_, minute) =>
      servedIn(allowances(jobs, shards, minute * MINUTE_MS)),
    );
    expect(new Set(served.flat()).size).toBe(shards.length * jobs.length);
  });
});

function servedIn(allowed: Allowances): string[] {
  return [...allowed].flatMap(([shard, runs]) =>
    [...runs].filter(([, count]) => count > 0).map(([name]) => `${shard} ${name}`),
  );
}

describe("The jobs there are", () => {
  it("share all runs of a tick, and no more", () => {
    const sum = jobs.reduce((added, { share }) => added + share, 0);
    // Of hundredths, which a sum of fractions misses by its last digit.
    expect(Math.round(1e9 * sum) / 1e9).toBeLessThanOrEqual(1);
  });

  it("have steps that fit in a run, and in what D1 allows beside each other", () => {
    for (const { name, queries, atOnce = 1 } of jobs) {
      expect([name, queries > 0]).toEqual([name, true]);
      expect([name, queries <= RUN_QUERIES_MAX]).toEqual([name, true]);
      const most = RUN_QUERIES_MAX + (atOnce - 1) * queries;
      expect([name, most <= 1_000]).toEqual([name, true]);
    }
  });

  it("stand behind those that they come after", () => {
    const names = jobs.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const [at, { after }] of jobs.entries()) {
      if (after !== undefined) expect(names.slice(0, at)).toContain(after);
    }
  });
});
