/**
 * Appends that arrive at the same time share one commit, which costs more than any of them: up to 2 ms.
 * Each keeps a transaction of its own within that commit, so that a refused append costs no other anything.
 */
import type { AppendedEvent } from "#audit/audit-event.ts";
import type { AppendResult, LogAddress } from "#audit/audit-log.ts";
import type { DecidedCall } from "#audit/calls/open-call.ts";

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

/** As many as a report may have events. */
const DECISIONS_MAX = 256;

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
      const appends = this.#takeTogether();
      this.#attemptAll(appends);
      for (const append of appends) events += append.events.length + append.decided.length;
    }
    return own.outcome !== null;
  }

  #attemptAll(appends: readonly WaitingAppend[]): void {
    if (this.#attemptTogether(appends)) return;
    for (const append of appends) append.outcome = this.#attempt(append);
  }

  /** The oldest. The gateway's decisions are one each: those that wait beside each other are one append. */
  #takeTogether(): WaitingAppend[] {
    const [first] = this.#waiting;
    const isBeside = ({ address, decided }: WaitingAppend) =>
      decided.length > 0 && isSameLog(address, first!.address);
    const end = this.#waiting.slice(0, DECISIONS_MAX).findIndex((append) => !isBeside(append));
    return this.#waiting.splice(0, end === -1 ? DECISIONS_MAX : Math.max(1, end));
  }

  /** Nothing is written where one of them is refused: then each is tried by itself. */
  #attemptTogether(appends: readonly WaitingAppend[]): boolean {
    const [first] = appends;
    if (first === undefined || appends.length === 1) return false;
    const events = appends.flatMap((append) => append.events);
    const decided = appends.flatMap((append) => append.decided);
    const outcome = this.#attempt({ ...first, events, decided });
    if (outcome === null || "error" in outcome || outcome.result.kind !== "appended") return false;
    let at = 0;
    for (const append of appends) {
      const receipts = outcome.result.receipts.slice(at, at + append.events.length);
      append.outcome = { result: { kind: "appended", receipts } };
      at += append.events.length;
    }
    return true;
  }

  #attempt({ address, events, decided }: WaitingAppend): WaitingAppend["outcome"] {
    try {
      return { result: this.#append(address, events, decided) };
    } catch (error) {
      return { error };
    }
  }
}

function isSameLog(a: LogAddress, b: LogAddress): boolean {
  return a.org === b.org && a.log === b.log && a.shard === b.shard;
}
