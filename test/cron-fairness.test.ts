import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { foldJob } from "#calls/fold-job.ts";
import { ARRIVALS_READ_MAX } from "#calls/store/fold/backlog.ts";
import { jobs } from "#capabilities.ts";
import { runCron } from "#cron.ts";
import { QueryCount } from "#platform/d1/query-count.ts";
import { allowances } from "#platform/jobs/allowances.ts";
import { itemsPerRun, type Job, RUN_QUERIES_MAX, type RunRequest } from "#platform/jobs/job.ts";
import { foldsOf, insertArrivals, insertOrgs, makeArrival } from "./harness/bulk-orgs.ts";
import { workerEnv } from "./harness/deployment.ts";
import { inProcess } from "./harness/in-process.ts";

const MINUTE_MS = 60_000;

beforeEach(async () => {
  // What a tick comes to is a matter of its budget here, and not of the machine's speed.
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  await workerEnv.SHARD_0.prepare("DELETE FROM arrivals").run();
  await workerEnv.SHARD_0.prepare("DELETE FROM job_cursors").run();
});
afterEach(() => vi.useRealTimers());

interface Ticked {
  /** How many ticks it took until each org was folded. */
  ticks: number;
  /** Orgs that were folded first in each of them. */
  newInTick: number[];
}

/** All of them report each minute, so that none leaves the list: as a fleet at work. */
async function tickUntilAllFolded(
  orgs: readonly string[],
  tick: () => Promise<void>,
  ticksMax: number,
): Promise<Ticked> {
  const payload = await makeArrival();
  const newInTick: number[] = [];
  let folded = 0;
  while (folded < orgs.length && newInTick.length < ticksMax) {
    await insertArrivals(orgs, payload);
    await tick();
    vi.setSystemTime(Date.now() + MINUTE_MS);
    const before = folded;
    folded = [...(await foldsOf(orgs)).values()].filter((folds) => folds > 0).length;
    newInTick.push(folded - before);
  }
  if (folded < orgs.length) throw new Error(`${orgs.length - folded} orgs were never folded`);
  return { ticks: newInTick.length, newInTick };
}

/** In one run a tick. */
function tickOf(job: Job<unknown>): () => Promise<void> {
  return () => runCron(workerEnv, Date.now(), inProcess(workerEnv, [job]), [job]);
}

/** One run a tick, whose queries are spent with a step of so many orgs. */
function oneRunOf(orgs: number): Job<unknown> {
  return { ...foldJob, runsMax: 1, itemsPerRun: orgs } as Job<unknown>;
}

describe("60 orgs that report all the time", () => {
  it("are all folded within four ticks that fold 15 each, and equally often from then on", async () => {
    const orgs = await insertOrgs(60);
    const tick = tickOf(oneRunOf(15));
    const { ticks, newInTick } = await tickUntilAllFolded(orgs, tick, 10);
    expect([ticks, newInTick]).toEqual([4, [15, 15, 15, 15]]);
    const again = await makeArrival();
    for (let more = 0; more < 4; more += 1) {
      await insertArrivals(orgs, again);
      await tick();
    }
    expect(new Set((await foldsOf(orgs)).values())).toEqual(new Set([2]));
  });

  it("are within five, beside one with a backlog that is never done", async () => {
    const [backlog] = await insertOrgs(1, "a-backlog");
    const orgs = await insertOrgs(60);
    await insertArrivals([backlog!], await makeArrival(), 20_000);
    const { ticks, newInTick } = await tickUntilAllFolded(orgs, tickOf(oneRunOf(15)), 10);
    // 61 orgs by 15; the backlog comes first by its name, and has one of the first 15 steps.
    expect([ticks, newInTick]).toEqual([5, [14, 15, 15, 15, 1]]);
    // Its turn came in the first tick, and in the fifth, which went on from the head and had room for more.
    const folds = (await foldsOf([backlog!])).get(backlog!)!;
    expect(folds).toBeGreaterThanOrEqual(2);
    const left = Math.max(0, 20_000 - folds * ARRIVALS_READ_MAX);
    const select = "SELECT count(*) AS n FROM arrivals WHERE org = ?1";
    expect(await workerEnv.SHARD_0.prepare(select).bind(backlog).first("n")).toBe(left);
  });

  it("are in one tick as it is, and so is the backlog as far as the budget goes", async () => {
    const [backlog] = await insertOrgs(1, "a-backlog");
    const orgs = await insertOrgs(60);
    // 30 a step, which are told to be so large.
    await insertArrivals([backlog!], await makeArrival(), 40 * 30, 200_000);
    const tick = () => runCron(workerEnv, Date.now(), undefined, [foldJob]);
    expect(await tickUntilAllFolded(orgs, tick, 10)).toMatchObject({ ticks: 1 });
    // 40 steps, more than the half-tick of 28 that all orgs had to share before.
    expect((await foldsOf([backlog!])).get(backlog!)).toBe(40);
  });
});

describe("1,500 orgs that report all the time", () => {
  const runs = allowances(jobs, ["SHARD_0"], 0).get("SHARD_0")?.get("fold") ?? 0;
  const perTick = runs * itemsPerRun(foldJob);

  it("are all folded in as many ticks as the job's own runs say, the last by name like the first", async () => {
    // Of a tick's 30 runs 25 % are fold's own: 7, of 40 orgs each. What other jobs leave comes on top.
    expect([runs, perTick]).toEqual([7, 280]);
    const orgs = await insertOrgs(1_500);
    let most = 0;
    const startRun = async (request: RunRequest) => {
      const count = new QueryCount();
      const answer = await inProcess(count.counted(workerEnv))(request);
      most = Math.max(most, count.sent);
      return answer;
    };
    const ownRuns: Job<unknown> = { ...foldJob, runsMax: runs } as Job<unknown>;
    const tick = () => runCron(workerEnv, Date.now(), startRun, [ownRuns]);
    const { ticks, newInTick } = await tickUntilAllFolded(orgs, tick, 10);
    expect(ticks).toBe(Math.ceil(1_500 / perTick));
    expect(newInTick).toEqual([280, 280, 280, 280, 280, 100]);
    expect(most).toBeLessThanOrEqual(RUN_QUERIES_MAX);
  }, 240_000);
});
