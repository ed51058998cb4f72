/** A job over letters, with what it was asked for and what it did. */
import type { AnyJob, Job, JobPlace, StartRun, StepProgress } from "#platform/jobs/job.ts";
import { runItems } from "#platform/jobs/run-items.ts";
import { runTick } from "#platform/jobs/run-tick.ts";
import { workerEnv } from "../../harness/deployment.ts";

let made = 0;

export class FakeJob implements Job<string> {
  readonly name: string;
  /** One run a tick and shard, unless a test says otherwise. */
  share = 0;
  queries = 1;
  itemsPerRun = 2;
  runsMax = 1;
  runsAtOnce?: number;
  atOnce?: number;
  msMax?: number;
  after?: string;
  deletesByTime?: true;
  items: string[];
  /** Subjects in the order of their steps. */
  readonly steps: string[] = [];
  onStep: (item: string, place: JobPlace) => StepProgress | Promise<StepProgress> = () => "done";

  constructor(items: string, terms: Partial<FakeJob> = {}) {
    made += 1;
    this.name = `fake-${made}-${crypto.randomUUID().slice(0, 8)}`;
    this.items = [...items];
    Object.assign(this, terms);
  }

  async list(_place: JobPlace, after: string | null, limit: number): Promise<string[]> {
    return this.items.filter((item) => item > (after ?? "")).slice(0, limit);
  }

  placeOf(item: string): string {
    return item;
  }

  subjectOf(item: string): string {
    return item;
  }

  async step(place: JobPlace, item: string): Promise<StepProgress> {
    this.steps.push(item);
    await sendQueries(place, this.queries);
    return this.onStep(item, place);
  }

  /** What the next tick does: the steps since the last call. */
  takeSteps(): string {
    return this.steps.splice(0).join("");
  }

  async cursor(): Promise<string | null> {
    const select = "SELECT after FROM job_cursors WHERE job = ?1";
    return workerEnv.SHARD_0.prepare(select).bind(this.name).first<string>("after");
  }
}

async function sendQueries({ env }: JobPlace, count: number): Promise<void> {
  await env.SHARD_0.batch(Array.from({ length: count }, () => env.SHARD_0.prepare("SELECT 1")));
}

export const untraced = <Result>(_: unknown, work: () => Promise<Result>) => work();

export function here(jobs: readonly AnyJob[]): StartRun {
  return (request) => runItems(workerEnv, jobs, request, untraced);
}

/** How many steps failed. */
export function tickOf(
  jobs: readonly AnyJob[],
  { env = workerEnv, startRun = here(jobs) } = {},
): Promise<number> {
  return runTick({ env, nowMs: 0, jobs, startRun, inSpan: untraced });
}
