/**
 * What a tick has to do of a job, in what order, and how far it came. First every item of the list has a
 * step, then those with a backlog have further ones, in turn.
 */
import type { RunAnswer } from "./job.ts";

/** The items that go into one run, by number. */
export interface Batch {
  readonly numbers: readonly number[];
  /** True if no item outside this batch still waits for its first step. */
  readonly isLast: boolean;
}

export class WorkList {
  /** The items that had no step yet, by number, in the list's order. */
  readonly #fresh: number[];
  readonly #backlog: number[] = [];
  readonly #isReached: boolean[];

  constructor(length: number) {
    this.#fresh = Array.from({ length }, (_, number) => number);
    this.#isReached = this.#fresh.map(() => false);
  }

  get isEmpty(): boolean {
    return this.#fresh.length === 0 && this.#backlog.length === 0;
  }

  take(itemsMax: number): Batch {
    const queue = this.#fresh.length > 0 ? this.#fresh : this.#backlog;
    const numbers = queue.splice(0, itemsMax);
    return { numbers, isLast: this.#fresh.length === 0 };
  }

  settle({ numbers }: Batch, { reached, unfinished }: RunAnswer): void {
    for (const number of numbers.slice(0, reached)) this.#isReached[number] = true;
    for (const number of numbers.slice(reached)) {
      (this.#isReached[number] ? this.#backlog : this.#fresh).push(number);
    }
    this.#fresh.sort((a, b) => a - b);
    this.#backlog.push(...unfinished.map((index) => numbers[index]!));
  }

  /**
   * Settles a run that ended without an answer. Which of its items ended it is not known: the next tick
   * begins behind the first, and so comes to those behind the culprit however often that one ends a run.
   */
  skip({ numbers: [first] }: Batch): void {
    if (first !== undefined) this.#isReached[first] = true;
  }

  /** How many of the first items were reached without a gap. */
  get reached(): number {
    const gap = this.#isReached.indexOf(false);
    return gap === -1 ? this.#isReached.length : gap;
  }
}
