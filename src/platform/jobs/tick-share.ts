import { SPAN_KIND } from "#formats/otlp/trace-model.ts";
import { logError } from "#platform/log-error.ts";
import { withSpan } from "#tracing/active-span.ts";

/** What a job may spend of a tick, and what of it failed: no job starves another, no org stops the next. */
export class TickShare {
  failures = 0;
  readonly #job: string;
  readonly #overMs: number;
  #queries: number;

  constructor(job: string, queries: number, overMs: number) {
    this.#job = job;
    this.#queries = queries;
    this.#overMs = overMs;
  }

  /** True if a step that sends so many queries may still be taken. */
  take(queries: number): boolean {
    if (this.#queries < queries || Date.now() > this.#overMs) return false;
    this.#queries -= queries;
    return true;
  }

  /** Logs what fails and goes on; `subject` is the org or shard it was about. */
  async attempt(subject: string, work: () => Promise<void>): Promise<void> {
    try {
      await withSpan(() => this.#describe(subject), work);
    } catch (error) {
      this.failures += 1;
      logError(error, { job: this.#job, subject });
    }
  }

  /** Each of them by itself, in order, `atOnce` at a time, while there is time and `queries` for each. */
  async attemptEach<Item>(
    items: readonly Item[],
    { atOnce, queries }: { atOnce: number; queries: number },
    subjectOf: (item: Item) => string,
    work: (item: Item) => Promise<void>,
  ): Promise<void> {
    const queue = [...items];
    const worker = async () => {
      while (queue.length > 0 && this.take(queries)) {
        const item = queue.shift() as Item;
        await this.attempt(subjectOf(item), () => work(item));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  }

  /** Named by the job alone: a name for each org would be none. */
  #describe(subject: string) {
    const attributes = new Map([["mcpg.job.subject", subject]]);
    return { name: this.#job, kind: SPAN_KIND.internal, attributes };
  }
}
