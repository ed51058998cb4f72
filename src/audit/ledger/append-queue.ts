/**
 * Appends that arrive at the same time share one commit, which costs more than any of them: up to 2 ms.
 * Each keeps a transaction of its own within that commit, so that a refused append costs no other anything.
 */
import type { AppendedEvent } from "#audit/audit-event.ts";
import type { AppendResult, LogAddress } from "#audit/audit-log.ts";
import type { DecidedCall } from "#audit/open-call.ts";

type Append = (
  address: LogAddress,
  events: readonly AppendedEvent[],
  decided: readonly DecidedCall[],
) => AppendResult;

interface WaitingAppend {
  address: LogAddress;
  events: readonly AppendedEvent[];
  /** What the events decided: opened in their transaction. */
  decided: readonly DecidedCall[];
  outcome: { result: AppendResult } | { error: unknown } | null;
}

/** About 150 ms of the object's one thread: reads wait no longer than that. */
const COMMIT_EVENTS_MAX = 2_048;

/** Where appends have come together, the next ones will too: they wait so long for company. */
const COMPANY_MS = 3;
const TOGETHER_WITHIN_MS = 50;

export class AppendQueue {
  #waiting: WaitingAppend[] = [];
  #togetherUntilMs = 0;
  readonly #append: Append;

  constructor(append: Append) {
    this.#append = append;
  }

  /** Every request waits on its own timer and does the work if none did before: none hangs on another. */
  async append(
    address: LogAddress,
    events: readonly AppendedEvent[],
    decided: readonly DecidedCall[] = [],
  ): Promise<AppendResult> {
    const append: WaitingAppend = { address, events, decided, outcome: null };
    this.#waiting.push(append);
    do await scheduler.wait(Date.now() < this.#togetherUntilMs ? COMPANY_MS : 0);
    while (append.outcome === null && !this.#appendOldest(append));
    if ("error" in append.outcome!) throw append.outcome.error;
    return append.outcome!.result;
  }

  /**
   * Writes the oldest waiting appends; synchronous, so that all of them are one commit. True if `own` was
   * among them.
   */
  #appendOldest(own: WaitingAppend): boolean {
    let events = 0;
    if (this.#waiting.length > 1) this.#togetherUntilMs = Date.now() + TOGETHER_WITHIN_MS;
    while (this.#waiting.length > 0 && events < COMMIT_EVENTS_MAX) {
      const append = this.#waiting.shift()!;
      events += append.events.length + append.decided.length;
      append.outcome = this.#attempt(append);
    }
    return own.outcome !== null;
  }

  #attempt({ address, events, decided }: WaitingAppend): WaitingAppend["outcome"] {
    try {
      return { result: this.#append(address, events, decided) };
    } catch (error) {
      return { error };
    }
  }
}
