/**
 * A tick: every job on every shard. Shards and jobs are served beside each other and none waits for
 * another, unless it says so (`after`, a job listed before it): a job or shard that is slow or broken costs
 * the others nothing but time on the database that they share.
 */

import type { Env } from "#platform/env.ts";
import { logError } from "#platform/log-error.ts";
import { shardDatabase, shardNames } from "#platform/shards.ts";
import { allowances } from "./allowances.ts";
import type { AnyJob, InSpan, JobPlace, StartRun } from "./job.ts";
import { findJobCursors, moveJobCursor } from "./job-cursors.ts";
import type { Runs } from "./job-runs.ts";
import { RunPool } from "./run-pool.ts";
import { serveJob } from "./serve-job.ts";
import { observeShardClock } from "./shard-clock.ts";

/** No run and no step begins later in a tick. It is under the minute, so that ticks do not pile up. */
const TICK_MS_MAX = 45_000;

export interface TickTerms {
  readonly env: Env;
  readonly nowMs: number;
  readonly jobs: readonly AnyJob[];
  readonly startRun: StartRun;
  readonly inSpan: InSpan;
}

/** How many steps failed; each of them is logged. */
export async function runTick(tick: TickTerms): Promise<number> {
  const shards = shardNames(tick.env);
  const pool = new RunPool(allowances(tick.jobs, shards, tick.nowMs));
  const first = tick.jobs.filter(({ after }) => after === undefined);
  for (const shard of shards) for (const { name } of first) pool.begin(shard, name);
  const overMs = Date.now() + TICK_MS_MAX;
  const failures = await Promise.all(
    shards.map((shard) =>
      failuresOf({ job: "tick", subject: shard }, () => serveShard(tick, shard, pool, overMs)),
    ),
  );
  return sum(failures);
}

async function serveShard(
  tick: TickTerms,
  shard: string,
  pool: RunPool,
  overMs: number,
): Promise<number> {
  const { cursors, mayDelete, failures } = await findPlace(tick.env, shard);
  const served = new Map<string, Promise<number>>();
  for (const job of tick.jobs) {
    const serve = async () => {
      if (job.after !== undefined) await served.get(job.after);
      pool.begin(shard, job.name);
      if (job.deletesByTime && !mayDelete) return leaveOut(pool, shard, job);
      const after = cursors.get(job.name) ?? null;
      const runs = {
        take: () => pool.take(shard, job.name),
        putBack: () => pool.putBack(),
      };
      return serveOnShard(tick, shard, job, { after, runs, overMs }).finally(() =>
        pool.end(shard, job.name),
      );
    };
    served.set(job.name, failuresOf({ job: job.name, subject: shard }, serve));
  }
  return failures + sum(await Promise.all(served.values()));
}

/**
 * Not all jobs need the shard's database: one that does not answer has them begin at their lists' heads, and
 * deletes nothing. The clock that it is shown is this machine's own, and never a time that the tick was handed.
 */
async function findPlace(env: Env, shard: string) {
  let cursors: ReadonlyMap<string, string> = new Map();
  let mayDelete = false;
  const failures = await failuresOf({ job: "tick", subject: shard }, async () => {
    const db = shardDatabase(env, shard);
    cursors = await findJobCursors(db);
    mayDelete = (await observeShardClock(db, Date.now())).isSettled;
    return 0;
  });
  return { cursors, mayDelete, failures };
}

/** What the job would have used goes to the others. */
function leaveOut(pool: RunPool, shard: string, job: AnyJob): number {
  pool.end(shard, job.name);
  return 0;
}

async function serveOnShard(
  { env, nowMs, startRun, inSpan }: TickTerms,
  shard: string,
  job: AnyJob,
  { after, runs, overMs }: { after: string | null; runs: Runs; overMs: number },
): Promise<number> {
  const place: JobPlace = { env, shard, nowMs };
  const jobOverMs = Math.min(overMs, Date.now() + (job.msMax ?? TICK_MS_MAX));
  const terms = { after, runs, overMs: jobOverMs, startRun, inSpan };
  const outcome = await serveJob(job, place, terms);
  if (outcome.after !== after) {
    await moveJobCursor(shardDatabase(env, shard), job.name, outcome.after);
  }
  return outcome.failures;
}

/** The failures that `work` counts, or one where `work` itself fails, as when a list cannot be read. */
async function failuresOf(
  context: { job: string; subject: string },
  work: () => Promise<number>,
): Promise<number> {
  try {
    return await work();
  } catch (error) {
    logError(error, context);
    return 1;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
