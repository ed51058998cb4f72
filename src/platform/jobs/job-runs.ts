/** The runs of a job on one shard in one tick, as many beside each other as the job says. */

import { logError } from "#platform/log-error.ts";
import { RUNS_MAX } from "./allowances.ts";
import { type AnyJob, type InSpan, itemsPerRun, type JobPlace, type StartRun } from "./job.ts";
import type { Batch, WorkList } from "./work-list.ts";

/** What the tick's pool (run-pool.ts) gives this job on this shard. */
export interface Runs {
  /** Resolves with false once there are no more. */
  take(): Promise<boolean>;
  putBack(): void;
}

export interface JobTerms {
  readonly runs: Runs;
  readonly overMs: number;
  readonly startRun: StartRun;
  readonly inSpan: InSpan;
}

export class JobRuns {
  readonly #job: AnyJob;
  readonly #place: JobPlace;
  readonly #items: readonly unknown[];
  readonly #work: WorkList;
  readonly #terms: JobTerms;
  readonly #running = new Set<Promise<void>>();
  #runsLeft: number;
  #failures = 0;

  constructor(
    job: AnyJob,
    place: JobPlace,
    items: readonly unknown[],
    work: WorkList,
    terms: JobTerms,
  ) {
    this.#job = job;
    this.#place = place;
    this.#items = items;
    this.#work = work;
    this.#terms = terms;
    this.#runsLeft = job.runsMax ?? RUNS_MAX;
  }

  /** How many steps and runs failed. Ends when nothing is left to do, the runs are spent or the time is up. */
  async start(): Promise<number> {
    const { runsAtOnce = 1 } = this.#job;
    await Promise.all(Array.from({ length: runsAtOnce }, () => this.#inTurn()));
    return this.#failures;
  }

  async #inTurn(): Promise<void> {
    while (await this.#hasWork()) {
      if (this.#runsLeft === 0) return;
      // Before the wait, in which another turn may ask for the last one.
      this.#runsLeft -= 1;
      if (!(await this.#terms.runs.take())) return;
      // Others may have taken the work meanwhile.
      if (this.#work.isEmpty) {
        this.#runsLeft += 1;
        this.#terms.runs.putBack();
        continue;
      }
      const run = this.#run().finally(() => this.#running.delete(run));
      this.#running.add(run);
      await run;
    }
  }

  /** False in the end: a run that goes on may leave something to be done yet. */
  async #hasWork(): Promise<boolean> {
    while (this.#work.isEmpty && this.#running.size > 0) await Promise.race(this.#running);
    return !this.#work.isEmpty && !this.#isOver();
  }

  async #run(): Promise<void> {
    const { runsAtOnce = 1 } = this.#job;
    const batch = this.#work.take(itemsPerRun(this.#job), runsAtOnce);
    const of = { job: this.#job.name, subject: this.#place.shard };
    try {
      const answer = await this.#terms.inSpan(of, () => this.#terms.startRun(this.#request(batch)));
      this.#work.settle(batch, answer);
      this.#failures += answer.failures;
    } catch (error) {
      this.#work.suspect(batch);
      this.#failures += 1;
      logError(error, of);
    }
  }

  #request({ numbers, isLast }: Batch) {
    const { shard, nowMs } = this.#place;
    const items = numbers.map((number) => this.#items[number]);
    return { job: this.#job.name, shard, nowMs, overMs: this.#terms.overMs, goesOn: isLast, items };
  }

  #isOver(): boolean {
    return Date.now() > this.#terms.overMs;
  }
}
