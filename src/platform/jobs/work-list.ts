/**
 * What a tick has to do of a job, in what order, and how far it came. First every item of the list has a
 * step, then what was in a run that died is looked through in halves, then items with a backlog have
 * further steps, in turn.
 */
import type { RunAnswer } from "./job.ts";

/** Items by number that go into one run. */
export interface Batch {
  readonly numbers: readonly number[];
  /** True if no item is left that had no step yet. */
  readonly isLast: boolean;
}

export class WorkList {
  /** Numbers of the items that had no step as yet, in the list's order. */
  readonly #fresh: number[];
  /** Halves of the batches whose run died. */
  readonly #suspects: (readonly number[])[] = [];
  readonly #backlog: number[] = [];
  readonly #isReached: boolean[];

  constructor(length: number) {
    this.#fresh = Array.from({ length }, (_, number) => number);
    this.#isReached = this.#fresh.map(() => false);
  }

  get isEmpty(): boolean {
    return this.#fresh.length === 0 && this.#suspects.length === 0 && this.#backlog.length === 0;
  }

  /** As many items as go into one of the `runs` that share the work, and `itemsMax` at most. */
  take(itemsMax: number, runs: number): Batch {
    const numbers =
      this.#fresh.length > 0
        ? splitOff(this.#fresh, itemsMax, runs)
        : (this.#suspects.shift() ?? splitOff(this.#backlog, itemsMax, runs));
    return { numbers, isLast: this.#fresh.length === 0 && this.#suspects.length === 0 };
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
   * A run that ended without an answer. Which of its items did that is not known: they are tried in
   * halves, until the culprit is alone. Where the tick has no runs for all of that, the next one begins
   * behind the first item, and so cuts its batches elsewhere.
   */
  suspect({ numbers }: Batch): void {
    const [first] = numbers;
    if (first !== undefined) this.#isReached[first] = true;
    if (numbers.length < 2) return;
    const half = Math.ceil(numbers.length / 2);
    this.#suspects.push(numbers.slice(0, half), numbers.slice(half));
  }

  /** How many of the first items were reached without a gap. */
  get reached(): number {
    const gap = this.#isReached.indexOf(false);
    return gap === -1 ? this.#isReached.length : gap;
  }
}

/**
 * Half of an even part: what is slow about one part is not known before, and the others find something to do
 * while it goes on ("guided self-scheduling").
 */
function splitOff(queue: number[], itemsMax: number, runs: number): number[] {
  const part = runs === 1 ? queue.length : Math.ceil(queue.length / (2 * runs));
  return queue.splice(0, Math.min(itemsMax, part));
}
