/** Runs of the cron's jobs in the test's own invocation, for tests that hand in databases of their own. */

import { jobs } from "#capabilities.ts";
import { inJobSpan } from "#cron.ts";
import type { Env } from "#platform/env.ts";
import type { AnyJob, RunAnswer, StartRun } from "#platform/jobs/job.ts";
import { runItems } from "#platform/jobs/run-items.ts";

export function inProcess(env: Env, served: readonly AnyJob[] = jobs): StartRun {
  return (request) => runItems(env, served, request, inJobSpan);
}

/** One run of a job, which has a minute. */
export function runOnce(env: Env, job: AnyJob, items: readonly unknown[]): Promise<RunAnswer> {
  const nowMs = Date.now();
  const terms = { shard: "SHARD_0", nowMs, overMs: nowMs + 60_000, goesOn: true };
  return runItems(env, [job], { job: job.name, ...terms, items }, inJobSpan);
}
