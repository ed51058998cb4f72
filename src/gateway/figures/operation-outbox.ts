/**
 * Operations on their way from an isolate to a shard. They wait in memory and are added in the `waitUntil` of
 * whichever request finds nobody doing so: an isolate has no timer of its own. A batch bears the isolate's name and
 * a number, and is sent with the same number until the store has it, which adds each number once and in order.
 *
 * An isolate that is ended takes with it what was noted since its last batch, half a second and a transaction.
 */
import { backOffMs } from "#platform/outgoing/back-off.ts";
import { SECOND_MS } from "#platform/time.ts";
import type { Operation } from "./operation.ts";
import { OperationTallies } from "./operation-tallies.ts";

/** Noted and in the store within a second. */
export const FLUSH_MS = 500;
/** A transaction of some 10 ms. */
export const BATCH_ROWS_MAX = 256;
/** `waitUntil` ends 30 s after the answer: another request takes over before. */
const TURN_MS_MAX = 10 * SECOND_MS;
/** Whose turn has not ended by then was ended by the runtime. */
const LEASE_MS = 40 * SECOND_MS;
const BACK_OFF = { firstMs: FLUSH_MS, maxMs: 8 * SECOND_MS };

export interface OperationBatch {
  readonly writer: string;
  /** From 1, without gaps. */
  readonly number: number;
  readonly rows: readonly string[];
}

/** Adds a batch, once, whoever sends it again. Called with what the request that sends it has of databases. */
export type AddBatch = (batch: OperationBatch) => Promise<void>;

export interface OutboxTerms {
  readonly writer: string;
  readonly nowMs: () => number;
  readonly delay: (ms: number) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

export class OperationOutbox {
  readonly #terms: OutboxTerms;
  readonly #waiting = new OperationTallies();
  /** The batch that is on its way: it does not change until the store has it. */
  #sealed: OperationBatch | null = null;
  #batches = 0;
  #failures = 0;
  /** Whose request sends, if one does. */
  #turn: { readonly sinceMs: number } | null = null;

  constructor(terms: OutboxTerms) {
    this.#terms = terms;
  }

  note(operation: Operation): void {
    this.#waiting.add(operation);
  }

  /** What the caller is to carry on after its answer; null where another request does. */
  turn(add: AddBatch): Promise<void> | null {
    const sinceMs = this.#terms.nowMs();
    const isTaken = this.#turn !== null && sinceMs < this.#turn.sinceMs + LEASE_MS;
    return isTaken || !this.#hasMore ? null : this.#carryOn({ sinceMs }, add);
  }

  get #hasMore(): boolean {
    return this.#sealed !== null || this.#waiting.size > 0;
  }

  async #carryOn(turn: { readonly sinceMs: number }, add: AddBatch): Promise<void> {
    const { nowMs, delay } = this.#terms;
    this.#turn = turn;
    while (this.#turn === turn && this.#hasMore) {
      await delay(this.#failures === 0 ? FLUSH_MS : backOffMs(BACK_OFF, this.#failures));
      if (this.#turn !== turn) return;
      // What is noted from now on finds nobody sending, so that the last batch leaves nothing behind.
      if (nowMs() >= turn.sinceMs + TURN_MS_MAX) this.#turn = null;
      await this.#send(add);
    }
    if (this.#turn === turn) this.#turn = null;
  }

  /** All that waits, batch by batch, until one fails. */
  async #send(add: AddBatch): Promise<void> {
    while (this.#hasMore) {
      this.#sealed ??= this.#seal();
      const batch = this.#sealed;
      try {
        await add(batch);
      } catch (error) {
        this.#failures += 1;
        this.#terms.onFailure(error);
        return;
      }
      this.#failures = 0;
      // Another request, which took this one for ended, may have sent it too, and gone on.
      if (this.#sealed === batch) this.#sealed = null;
      if (batch.rows.length < BATCH_ROWS_MAX) return;
    }
  }

  #seal(): OperationBatch {
    this.#batches += 1;
    const rows = this.#waiting.takeRows(BATCH_ROWS_MAX);
    return { writer: this.#terms.writer, number: this.#batches, rows };
  }
}
