/** A job's part of a tick on one shard: what is to do from where the last tick stopped, cut into runs. */

import { logError } from "#platform/log-error.ts";
import { type AnyJob, type InSpan, itemsPerRun, type JobPlace, type StartRun } from "./job.ts";
import { WorkList } from "./work-list.ts";

export interface JobTerms {
  /** Where the last tick stopped. */
  readonly after: string | null;
  readonly runsMax: number;
  readonly overMs: number;
  readonly startRun: StartRun;
  readonly inSpan: InSpan;
}

export interface JobOutcome {
  /** Where the next tick goes on; null at the head of the list. */
  readonly after: string | null;
  readonly failures: number;
}

/** A pass takes one round: from the cursor to the list's end, and from its head to the cursor. */
export async function serveJob(job: AnyJob, place: JobPlace, terms: JobTerms): Promise<JobOutcome> {
  const { after, runsMax } = terms;
  const limit = runsMax * itemsPerRun(job);
  if (limit === 0) return { after, failures: 0 };
  const items = await listRound(job, place, after, limit);
  const work = new WorkList(items.length);
  const failures = await startRuns(job, place, items, work, terms);
  const isWhole = work.reached === items.length && items.length < limit;
  const last = items[work.reached - 1];
  if (job.placeOf === undefined || isWhole) return { after: null, failures };
  return { after: last === undefined ? after : job.placeOf(last), failures };
}

/**
 * Places are ASCII (org names), so that strings compare here as they do in SQLite. A batch of orgs that
 * lies across the cursor is left to the next tick, which begins at the head.
 */
async function listRound(
  job: AnyJob,
  place: JobPlace,
  after: string | null,
  limit: number,
): Promise<readonly unknown[]> {
  const rest = await job.list(place, after, limit);
  if (after === null || rest.length >= limit) return rest;
  const head = await job.list(place, null, limit - rest.length);
  return [...rest, ...head.filter((item) => (job.placeOf?.(item) ?? "") <= after)];
}

/** How many steps and runs failed. Ends when nothing is left to do, the runs are spent or the time is up. */
async function startRuns(
  job: AnyJob,
  { shard, nowMs }: JobPlace,
  items: readonly unknown[],
  work: WorkList,
  { runsMax, overMs, startRun, inSpan }: JobTerms,
): Promise<number> {
  let runsLeft = runsMax;
  let failures = 0;
  const run = async () => {
    const batch = work.take(itemsPerRun(job));
    const given = batch.numbers.map((number) => items[number]);
    const terms = { job: job.name, shard, nowMs, overMs, goesOn: batch.isLast };
    try {
      const answer = await inSpan({ job: job.name, subject: shard }, () =>
        startRun({ ...terms, items: given }),
      );
      work.settle(batch, answer);
      failures += answer.failures;
    } catch (error) {
      work.skip(batch);
      failures += 1;
      logError(error, { job: job.name, subject: shard });
    }
  };
  const runInTurn = async () => {
    while (!work.isEmpty && runsLeft > 0 && Date.now() <= overMs) {
      runsLeft -= 1;
      await run();
    }
  };
  await Promise.all(Array.from({ length: job.runsAtOnce ?? 1 }, runInTurn));
  return failures;
}
