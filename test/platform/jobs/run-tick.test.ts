import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import { RUNS_MAX } from "#platform/jobs/allowances.ts";
import type { RunAnswer, RunRequest, StepProgress } from "#platform/jobs/job.ts";
import { envWithShard, workerEnv } from "../../harness/deployment.ts";
import { LOST } from "../../harness/watched-d1.ts";
import { FakeJob, here, tickOf } from "./fake-job.ts";

let logged: MockInstance<typeof console.error>;
beforeEach(() => {
  // What fails on purpose is logged.
  logged = vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("A job that a tick does not finish", () => {
  it("goes on where it stopped, tick after tick, and begins anew at its list's end", async () => {
    const job = new FakeJob("abcdef");
    const seen: [string, string | null][] = [];
    for (let tick = 0; tick < 4; tick += 1) {
      await tickOf([job]);
      seen.push([job.takeSteps(), await job.cursor()]);
    }
    // A list that is as long as the tick's part may be longer: only the next tick sees its end.
    expect(seen).toEqual([
      ["ab", "b"],
      ["cd", "d"],
      ["ef", "f"],
      ["ab", "b"],
    ]);
  });

  it("goes on from the head after the end: each has a step as often as any other", async () => {
    const job = new FakeJob("abcde");
    const seen: string[] = [];
    for (let tick = 0; tick < 5; tick += 1) {
      await tickOf([job]);
      seen.push(job.takeSteps());
    }
    expect(seen).toEqual(["ab", "cd", "ea", "bc", "de"]);
  });

  it("takes none twice in a tick, though the list is shorter than what is left of it", async () => {
    const job = new FakeJob("abcde", { itemsPerRun: 3 });
    await tickOf([job]);
    job.items = ["b", "d"];
    job.takeSteps();
    await tickOf([job]);
    expect([job.takeSteps(), await job.cursor()]).toEqual(["db", null]);
  });

  it("forgets where it was once all had their step", async () => {
    const job = new FakeJob("abc", { runsMax: RUNS_MAX });
    await tickOf([job]);
    expect([job.takeSteps(), await job.cursor()]).toEqual(["abc", null]);
  });

  it("stops at its time, and nothing is left out by that", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const job = new FakeJob("abcdef", { runsMax: RUNS_MAX });
    job.onStep = () => {
      vi.setSystemTime(Date.now() + 20_000);
      return "done";
    };
    await tickOf([job]);
    expect([job.takeSteps(), await job.cursor()]).toEqual(["abc", "c"]);
    await tickOf([job]);
    expect([job.takeSteps(), await job.cursor()]).toEqual(["def", "f"]);
  });

  it("has less time where it says so", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const job = new FakeJob("abcdef", { runsMax: RUNS_MAX, msMax: 10_000 });
    job.onStep = () => {
      vi.setSystemTime(Date.now() + 6_000);
      return "done";
    };
    await tickOf([job]);
    expect([job.takeSteps(), await job.cursor()]).toEqual(["ab", "b"]);
  });

  it("goes on from the gap that a run left, though later ones came further", async () => {
    const job = new FakeJob("abcdef", { runsMax: RUNS_MAX, runsAtOnce: 2 });
    const second = Promise.withResolvers<void>();
    let runs = 0;
    const startRun = async (request: RunRequest): Promise<RunAnswer> => {
      runs += 1;
      if (runs === 2) return here([job])(request).finally(second.resolve);
      if (runs > 2) return { reached: 0, unfinished: [], failures: 0 };
      await second.promise;
      return { reached: 1, unfinished: [], failures: 0 };
    };
    await tickOf([job], { startRun });
    expect([job.takeSteps(), await job.cursor()]).toEqual(["c", "a"]);
  });
});

describe("A backlog", () => {
  it("waits until all others had a step, and has what is left of the run then", async () => {
    const job = new FakeJob("abcd", { itemsPerRun: 5, queries: 100 });
    job.onStep = (item) => (item === "b" ? "more" : "done");
    await tickOf([job]);
    // 900 queries are 9 steps.
    expect([job.takeSteps(), await job.cursor()]).toEqual(["abcdbbbbb", null]);
  });

  it("shares that with other backlogs, in turn", async () => {
    const job = new FakeJob("abc", { itemsPerRun: 5, queries: 100 });
    job.onStep = (item) => (item === "b" ? "done" : "more");
    await tickOf([job]);
    expect(job.takeSteps()).toBe("abcacacac");
  });

  it("has further runs after the list's end, until it is gone", async () => {
    const job = new FakeJob("abcd", { runsMax: RUNS_MAX, queries: 450 });
    let left = 5;
    job.onStep = (item) => (item === "a" && left-- > 0 ? "more" : "done");
    await tickOf([job]);
    expect(job.takeSteps()).toBe("abcdaaaaa");
  });

  it("keeps none that comes after it waiting: all have their step in as many ticks as without it", async () => {
    const job = new FakeJob("abcdefghij");
    job.onStep = (item) => (item === "a" ? "more" : "done");
    const served = new Set<string>();
    for (let tick = 0; tick < 5; tick += 1) {
      await tickOf([job]);
      for (const item of job.takeSteps()) served.add(item);
    }
    expect([...served].join("")).toBe("abcdefghij");
  });
});

describe("A failure", () => {
  it("of a step is counted, and keeps nothing else from being done", async () => {
    const [job, other] = [new FakeJob("abcd", { runsMax: RUNS_MAX }), new FakeJob("xy")];
    job.onStep = (item) => {
      if (item === "b") throw new Error("broken");
      return "done";
    };
    expect(await tickOf([job, other])).toBe(1);
    expect([job.takeSteps(), await job.cursor()]).toEqual(["abcd", null]);
    expect(other.takeSteps()).toBe("xy");
    const lines = logged.mock.calls.map(([line]) => JSON.parse(line));
    expect(lines).toMatchObject([{ job: job.name, subject: "b" }]);
  });

  it("of a list is one, and keeps no other job from being done", async () => {
    const [job, other] = [new FakeJob("ab"), new FakeJob("xy")];
    job.list = () => Promise.reject(new Error(LOST));
    expect(await tickOf([job, other])).toBe(1);
    expect(other.takeSteps()).toBe("xy");
  });

  it("of a whole run is one, and each tick comes one further past what ends it", async () => {
    const job = new FakeJob("abcd", { itemsPerRun: 4 });
    const ending = "b";
    const startRun = async (request: RunRequest) => {
      const before = request.items.indexOf(ending);
      if (before === -1) return here([job])(request);
      await here([job])({ ...request, items: request.items.slice(0, before) });
      throw new Error("exceeded its memory");
    };
    const seen: [number, string, string | null][] = [];
    for (let tick = 0; tick < 4; tick += 1) {
      const failures = await tickOf([job], { startRun });
      seen.push([failures, job.takeSteps(), await job.cursor()]);
    }
    expect(seen).toEqual([
      [1, "a", "a"],
      // "b" ends it at once.
      [1, "", "b"],
      [1, "cda", "c"],
      [1, "da", "d"],
    ]);
  });

  it("of a whole run costs the culprit its step, and no other: they are tried again in halves", async () => {
    const job = new FakeJob("abcdefghij", { itemsPerRun: 8, runsMax: RUNS_MAX });
    const startRun = async (request: RunRequest) => {
      if (request.items.includes("f")) throw new Error("exceeded its memory");
      return here([job])(request);
    };
    // 8 items, then 4, 2 and 1.
    expect(await tickOf([job], { startRun })).toBe(4);
    expect([[...job.takeSteps()].sort().join(""), await job.cursor()]).toEqual(["abcdeghij", null]);
  });

  it("of a shard's database leaves the others their tick", async () => {
    const job = new FakeJob("ab");
    const lost = envWithShard(() => Promise.reject(new Error(LOST))).SHARD_0;
    const env = { ...workerEnv, SHARD_0: lost, SHARD_1: workerEnv.SHARD_0 };
    // Where it stopped can neither be read nor be kept.
    expect(await tickOf([job], { env })).toBe(2);
    // Of the one too whose database does not answer: not every job needs it.
    expect([...job.takeSteps()].sort().join("")).toBe("aabb");
  });
});

describe("Runs", () => {
  it("go on beside each other where a job says so, and no more than it says", async () => {
    const job = new FakeJob("abcdefghij", { runsMax: RUNS_MAX, itemsPerRun: 1, runsAtOnce: 3 });
    let running = 0;
    let most = 0;
    job.onStep = async (): Promise<StepProgress> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve));
      running -= 1;
      return "done";
    };
    await tickOf([job]);
    expect([most, job.steps.length]).toEqual([3, 10]);
  });

  it("that others do not need are a job's that has more to do", async () => {
    const [busy, idle] = [
      new FakeJob("abcdefghij", { runsMax: 8 }),
      new FakeJob("", { share: 0.9 }),
    ];
    await tickOf([busy, idle]);
    expect(busy.takeSteps()).toBe("abcdefghij");
  });

  it("go on for what another leaves, though nothing else was to do when they began", async () => {
    const job = new FakeJob("abcdef", { itemsPerRun: 6, runsMax: RUNS_MAX, runsAtOnce: 2 });
    const gate = Promise.withResolvers<void>();
    let runs = 0;
    const startRun = async (request: RunRequest): Promise<RunAnswer> => {
      runs += 1;
      if (runs > 2) return here([job])(request);
      if (runs === 1) await gate.promise;
      else gate.resolve();
      return { reached: 0, unfinished: [], failures: 0 };
    };
    await tickOf([job], { startRun });
    expect([...job.takeSteps()].sort().join("")).toBe("abcdef");
  });

  it("are never more than a job may have, though it asks for several at once", async () => {
    const job = new FakeJob("abcd", { itemsPerRun: 1, runsMax: 3, runsAtOnce: 2 });
    const startRun = vi.fn(async () => ({ reached: 0, unfinished: [], failures: 0 }));
    await tickOf([job], { startRun });
    expect(startRun).toHaveBeenCalledTimes(3);
  });

  it("are none for a job that has nothing to do, and no row is written for it", async () => {
    const [idle, done] = [new FakeJob(""), new FakeJob("abcd", { runsMax: RUNS_MAX })];
    let written = 0;
    const env = envWithShard(async (_, send) => {
      const answer = (await send()) as { meta?: D1Meta };
      written += answer?.meta?.rows_written ?? 0;
      return answer;
    });
    const startRun = vi.fn(here([idle, done]));
    await tickOf([idle, done], { env, startRun });
    expect(startRun).toHaveBeenCalledTimes(2);
    expect(startRun.mock.calls.map(([{ job }]) => job)).toEqual([done.name, done.name]);
    expect(written).toBe(0);
  });

  it("have the time, the shard and the items that the tick gave them", async () => {
    const job = new FakeJob("abc", { runsMax: RUNS_MAX });
    const startRun = vi.fn(here([job]));
    await tickOf([job], { startRun });
    const asked = startRun.mock.calls.map(([{ items, goesOn, shard }]) => [items, goesOn, shard]);
    expect(asked).toEqual([
      [["a", "b"], false, "SHARD_0"],
      [["c"], true, "SHARD_0"],
    ]);
  });

  it("of a queue begin with those that wait longest, and remember nothing", async () => {
    const job = new FakeJob("cab");
    job.list = async (_place, _after, limit) => job.items.slice(0, limit);
    const queue = { ...job, list: job.list, step: job.step.bind(job), subjectOf: job.subjectOf };
    await tickOf([queue]);
    expect([job.takeSteps(), await job.cursor()]).toEqual(["ca", null]);
  });
});

describe("Jobs and shards", () => {
  it("do not wait for each other: one shard is served while another does not answer", async () => {
    const [job, other] = [new FakeJob("ab"), new FakeJob("xy")];
    const gate = Promise.withResolvers<void>();
    job.onStep = async (_, { shard }): Promise<StepProgress> => {
      if (shard === "SHARD_0") await gate.promise;
      return "done";
    };
    const served = (name: FakeJob) => vi.waitUntil(() => name.steps.length >= 3);
    const env = { ...workerEnv, SHARD_1: workerEnv.SHARD_0 };
    const ticked = tickOf([job, other], { env });
    // Of two shards: one step on the first one, which waits, and all on the second.
    await Promise.all([served(job), served(other)]);
    gate.resolve();
    expect(await ticked).toBe(0);
    expect([job.steps.length, other.steps.length]).toEqual([4, 4]);
  });

  it("come after another where they say so, on the same shard", async () => {
    const first = new FakeJob("ab");
    const second = new FakeJob("xy", { after: first.name });
    const order: string[] = [];
    first.onStep = async (item): Promise<StepProgress> => {
      await new Promise((resolve) => setTimeout(resolve));
      order.push(item);
      return "done";
    };
    second.onStep = (item) => {
      order.push(item);
      return "done";
    };
    await tickOf([first, second]);
    expect(order.join("")).toBe("abxy");
  });
});
