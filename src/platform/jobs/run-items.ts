/** A run: the steps that one invocation takes, within its queries and the tick's time. */

import { QueryCount } from "#platform/d1/query-count.ts";
import type { Env } from "#platform/env.ts";
import { logError } from "#platform/log-error.ts";
import {
  type AnyJob,
  type InSpan,
  RUN_QUERIES_MAX,
  type RunAnswer,
  type RunPlace,
  type RunRequest,
  type StepProgress,
} from "./job.ts";

export async function runItems(
  env: Env,
  jobs: readonly AnyJob[],
  request: RunRequest,
  inSpan: InSpan,
): Promise<RunAnswer> {
  const job = jobs.find(({ name }) => name === request.job);
  if (job === undefined) throw new Error(`Cannot run the job ${request.job}: there is none`);
  const run = new Run(env, job, request, inSpan);
  await Promise.all(Array.from({ length: job.atOnce ?? 1 }, () => run.work()));
  return run.answer();
}

class Run {
  readonly #place: RunPlace;
  readonly #job: AnyJob;
  readonly #request: RunRequest;
  readonly #inSpan: InSpan;
  /** Items by number: those that had no step yet, then those with a backlog. */
  readonly #queue: number[];
  readonly #unfinished: number[] = [];
  readonly #count = new QueryCount();
  #reached = 0;
  #failures = 0;

  constructor(env: Env, job: AnyJob, request: RunRequest, inSpan: InSpan) {
    const { shard, nowMs, overMs, items } = request;
    const hasRoomFor = (queries: number) => this.#hasRoomFor(queries);
    const attempt = (subject: string, work: () => Promise<void>) => this.#attempt(subject, work);
    const counted = this.#count.counted(env);
    this.#place = { env: counted, shard, nowMs, overMs, hasRoomFor, attempt };
    this.#job = job;
    this.#request = request;
    this.#inSpan = inSpan;
    this.#queue = [...items.keys()];
  }

  /** Takes steps until nothing is left, the queries are spent or the time is up. */
  async work(): Promise<void> {
    while (this.#queue.length > 0 && this.#hasRoomFor(this.#job.queries)) {
      const index = this.#queue.shift()!;
      this.#reached = Math.max(this.#reached, index + 1);
      if ((await this.#step(index)) === "done") continue;
      // In turn: behind all others, whether they have a backlog or no step yet.
      const turn = this.#request.goesOn ? this.#queue : this.#unfinished;
      turn.push(index);
    }
  }

  answer(): RunAnswer {
    const left = this.#queue.filter((index) => index < this.#reached);
    return {
      reached: this.#reached,
      unfinished: [...left, ...this.#unfinished],
      failures: this.#failures,
    };
  }

  /** A step that failed counts as done until the next tick. */
  async #step(index: number): Promise<StepProgress> {
    const item = this.#request.items[index];
    let progress: StepProgress = "done";
    await this.#attempt(this.#job.subjectOf(item), async () => {
      progress = await this.#job.step(this.#place, item);
    });
    return progress;
  }

  async #attempt(subject: string, work: () => Promise<void>): Promise<void> {
    const job = this.#job.name;
    try {
      await this.#inSpan({ job, subject }, work);
    } catch (error) {
      this.#failures += 1;
      logError(error, { job, subject });
    }
  }

  #hasRoomFor(queries: number): boolean {
    return this.#count.sent + queries <= RUN_QUERIES_MAX && Date.now() <= this.#request.overMs;
  }
}
