/** A job's part of a tick on one shard: what is to do from where the last tick stopped, cut into runs. */

import { RUNS_MAX } from "./allowances.ts";
import { type AnyJob, itemsPerRun, type JobPlace } from "./job.ts";
import { JobRuns, type JobTerms } from "./job-runs.ts";
import { WorkList } from "./work-list.ts";

/** With where the last tick stopped. */
export type ServedTerms = JobTerms & { readonly after: string | null };

export interface JobOutcome {
  /** Where the next tick goes on; null at the head of the list. */
  readonly after: string | null;
  readonly failures: number;
}

/** A pass takes one round: from the cursor to the list's end, and from its head to the cursor. */
export async function serveJob(
  job: AnyJob,
  place: JobPlace,
  terms: ServedTerms,
): Promise<JobOutcome> {
  const { after } = terms;
  const limit = (job.runsMax ?? RUNS_MAX) * itemsPerRun(job);
  const items = await listRound(job, place, after, limit);
  const work = new WorkList(items.length);
  const failures = await new JobRuns(job, place, items, work, terms).start();
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
