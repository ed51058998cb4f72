/**
 * The runs that a tick may start. Each job has on each shard what it was allowed (allowances.ts); what it
 * does not need is given back when it ends, to those that have more to do, in the order in which they ask.
 */
import { type Allowances, RUNS_MAX } from "./allowances.ts";

export class RunPool {
  readonly #own = new Map<string, number>();
  #spare: number;
  /** Jobs that are being served: some of them may give runs back yet. */
  readonly #served = new Set<string>();
  #waiting: { key: string; give: (given: boolean) => void }[] = [];

  constructor(allowed: Allowances) {
    this.#spare = RUNS_MAX;
    for (const [shard, runs] of allowed) {
      for (const [job, count] of runs) {
        this.#own.set(keyOf(shard, job), count);
        this.#spare -= count;
      }
    }
  }

  begin(shard: string, job: string): void {
    this.#served.add(keyOf(shard, job));
  }

  /** Resolves with true once a run may be started, with false once there will be none any more. */
  async take(shard: string, job: string): Promise<boolean> {
    const key = keyOf(shard, job);
    const own = this.#own.get(key) ?? 0;
    if (own > 0) {
      this.#own.set(key, own - 1);
      return true;
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#waiting.push({ key, give: resolve });
    this.#hand();
    return promise;
  }

  /** A run that was taken and not started. */
  putBack(): void {
    this.#spare += 1;
    this.#hand();
  }

  /** What is left of its own goes to others. */
  end(shard: string, job: string): void {
    const key = keyOf(shard, job);
    this.#spare += this.#own.get(key) ?? 0;
    this.#own.delete(key);
    this.#served.delete(key);
    this.#hand();
  }

  /** Nobody waits for what only those could give back who wait themselves. */
  #hand(): void {
    while (this.#spare > 0 && this.#waiting.length > 0) {
      this.#spare -= 1;
      this.#waiting.shift()?.give(true);
    }
    const waiting = new Set(this.#waiting.map(({ key }) => key));
    if ([...this.#served].some((key) => !waiting.has(key))) return;
    for (const { give } of this.#waiting.splice(0)) give(false);
  }
}

function keyOf(shard: string, job: string): string {
  return `${shard} ${job}`;
}
