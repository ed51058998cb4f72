import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { findShardClock, observeShardClock } from "#platform/jobs/shard-clock.ts";
import { envWithShard, workerEnv } from "../../harness/deployment.ts";
import { settleShardClock } from "../../harness/shard-clock.ts";
import { FakeJob, tickOf } from "./fake-job.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const db = workerEnv.SHARD_0;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  await db.prepare("DELETE FROM clock").run();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("The shard's clock", () => {
  it("is one for ticks at once: a jump that any of them saw is not lost", async () => {
    await settleShardClock();
    const nowMs = Date.now();
    const times = [nowMs, nowMs + 5 * MINUTE_MS, nowMs + 400 * DAY_MS, nowMs + 6 * MINUTE_MS];
    await Promise.all(times.map((timeMs) => observeShardClock(db, timeMs)));
    expect((await findShardClock(db))?.isSettled).toBe(false);
  });

  it("costs a row every five minutes, and not one a tick", async () => {
    await settleShardClock();
    let written = 0;
    const counted = envWithShard(async (_, send) => {
      const answer = (await send()) as { meta?: D1Meta };
      written += answer.meta?.rows_written ?? 0;
      return answer;
    }).SHARD_0;
    for (let minute = 1; minute <= 60; minute += 1) {
      await observeShardClock(counted, Date.now() + minute * MINUTE_MS);
    }
    expect(written).toBe(12);
  });
});

describe("A job that deletes what has expired", () => {
  const deleting = (items: string) => new FakeJob(items, { deletesByTime: true });

  it("is left out of ticks until an hour of them has agreed on the time; others are served", async () => {
    const [job, other] = [deleting("a"), new FakeJob("x")];
    const served: string[] = [];
    for (let minute = 0; minute <= 60; minute += 10) {
      await tickOf([job, other]);
      served.push(job.takeSteps() + other.takeSteps());
      vi.setSystemTime(Date.now() + 10 * MINUTE_MS);
    }
    expect(served).toEqual(["x", "x", "x", "x", "x", "x", "ax"]);
  });

  it("is left out after the clock has jumped, whatever time its ticks are handed", async () => {
    const job = deleting("a");
    await settleShardClock();
    await tickOf([job]);
    expect(job.takeSteps()).toBe("a");
    vi.setSystemTime(Date.now() + 400 * DAY_MS);
    for (let tick = 0; tick < 100; tick += 1) await tickOf([job]);
    expect(job.takeSteps()).toBe("");
  });
});
