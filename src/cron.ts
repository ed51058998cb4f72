/**
 * What each tick does, and the invocations of their own in which it does it. All of it is bounded, and
 * goes on where it stopped: a tick that was missed, doubled or killed changes nothing but the hour of the
 * work.
 */
import { exports, WorkerEntrypoint } from "cloudflare:workers";
import { jobs } from "#/capabilities.ts";
import { findSigningFaults } from "#audit/signing/signing-faults.ts";
import { SPAN_KIND } from "#formats/otlp/trace-model.ts";
import type { Env } from "#platform/env.ts";
import type { AnyJob, InSpan, RunAnswer, RunRequest, StartRun } from "#platform/jobs/job.ts";
import { runItems } from "#platform/jobs/run-items.ts";
import { runTick } from "#platform/jobs/run-tick.ts";
import { logError } from "#platform/log-error.ts";
import { logFaults } from "#platform/setting-faults.ts";
import { checkSettings } from "#platform/settings.ts";
import { withSpan } from "#tracing/active-span.ts";
import { tracer } from "#tracing/isolate-tracer.ts";
import { traceTick } from "#tracing/trace-tick.ts";
import { findKekFaults } from "#vault/kek-faults.ts";

/** The span is named by the job alone: a name for each org would be none. */
export const inJobSpan: InSpan = ({ job, subject }, work) => {
  const attributes = new Map([["mcpg.job.subject", subject]]);
  return withSpan(() => ({ name: job, kind: SPAN_KIND.internal, attributes }), work);
};

/**
 * Fails at its end if a step failed: every other step was taken all the same. What a tick deletes it deletes
 * by its time: whoever can fire one is not to choose a later one than now.
 */
export async function runCron(
  env: Env,
  scheduledTimeMs: number,
  startRun: StartRun = inOwnInvocation,
  served: readonly AnyJob[] = jobs,
): Promise<void> {
  // A deployment with a mistake in a setting does nothing, rather than what needs none of it.
  refuseSettings(env);
  const nowMs = Math.min(scheduledTimeMs, Date.now());
  const tick = { env, nowMs, jobs: served, startRun, inSpan: inJobSpan };
  const faults = logFaults(await findSigningFaults(env)) + logFaults(await findKekFaults(env));
  const failures = (await runTick(tick)) + faults;
  if (failures > 0) throw new Error(`cron: ${failures} steps failed`);
}

function refuseSettings(env: Env): void {
  try {
    checkSettings(env);
  } catch (error) {
    logError(error, { job: "tick" });
    throw error;
  }
}

/** A run of any job: it may make 10,000 calls and send D1 1,000 queries, whatever others send. */
export class JobRun extends WorkerEntrypoint<Env> {
  async run(request: RunRequest): Promise<RunAnswer> {
    const name = `run ${request.job}` as const;
    const tick = { env: this.env, ctx: this.ctx, name, cron: null };
    return traceTick(tracer, tick, (env) => runItems(env, jobs, request, inJobSpan));
  }
}

/** Starts a run through the runtime's loopback to this Worker's own exports. */
function inOwnInvocation(request: RunRequest): Promise<RunAnswer> {
  return (exports as unknown as { JobRun: Pick<JobRun, "run"> }).JobRun.run(request);
}
