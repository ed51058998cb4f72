import { describe, expect, it } from "vitest";
import { RUNS_MAX } from "#platform/jobs/allowances.ts";
import { RunPool } from "#platform/jobs/run-pool.ts";

const SHARD = "SHARD_0";

/** Of two jobs, of which each has ten runs of its own; ten are nobody's. */
function poolOfTwo(): RunPool {
  const runs = new Map([
    ["a", 10],
    ["b", 10],
  ]);
  const pool = new RunPool(new Map([[SHARD, runs]]));
  pool.begin(SHARD, "a");
  pool.begin(SHARD, "b");
  return pool;
}

async function takeAll(pool: RunPool, job: string): Promise<number> {
  let taken = 0;
  while (await pool.take(SHARD, job)) taken += 1;
  return taken;
}

describe("The runs of a tick", () => {
  it("are never more than it may start, whoever asks", async () => {
    const pool = poolOfTwo();
    const [a, b] = await Promise.all([takeAll(pool, "a"), takeAll(pool, "b")]);
    expect(a + b).toBe(RUNS_MAX);
    expect(Math.min(a, b)).toBeGreaterThanOrEqual(10);
  });

  it("that are a job's own are there for it, though another took all that was nobody's", async () => {
    const pool = poolOfTwo();
    for (let run = 0; run < 20; run += 1) expect(await pool.take(SHARD, "a")).toBe(true);
    let given: boolean | null = null;
    const more = pool.take(SHARD, "a").then((one) => {
      given = one;
    });
    for (let run = 0; run < 4; run += 1) expect(await pool.take(SHARD, "b")).toBe(true);
    expect(given).toBeNull();
    // What it leaves is the other's.
    pool.end(SHARD, "b");
    await more;
    expect(given).toBe(true);
    expect(await takeAll(pool, "a")).toBe(5);
  });

  it("that were taken and not started are there again", async () => {
    const pool = poolOfTwo();
    pool.end(SHARD, "b");
    expect(await takeAll(pool, "a")).toBe(RUNS_MAX);
    pool.putBack();
    expect(await takeAll(pool, "a")).toBe(1);
  });

  it("end for all who wait once nobody is left to give any back", async () => {
    const pool = poolOfTwo();
    const both = Promise.all([takeAll(pool, "a"), takeAll(pool, "a")]);
    const b = takeAll(pool, "b").finally(() => pool.end(SHARD, "b"));
    const [[first, second], third] = await Promise.all([both, b]);
    expect(first + second + third).toBe(RUNS_MAX);
  });
});
