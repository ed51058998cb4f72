/**
 * Spans on their way to one collector. They wait in the isolate's memory, up to a bound, and leave in the
 * `waitUntil` of whichever request finds nobody sending: an isolate has no timer and no request of its own.
 * One request at a time goes out, so a slow collector costs a place in the queue and no more.
 *
 * An isolate that is ended takes the waiting spans with it; that loss alone is not counted.
 */
import type { Span } from "#formats/otlp/trace-model.ts";
import type { PostOutcome } from "./post-spans.ts";
import { ATTEMPTS_MAX, type Clock, retryWaitMs } from "./retry.ts";
import { type DropReason, dropNotice, SpanCounts } from "./span-counts.ts";

/** Both as in OpenTelemetry's BatchSpanProcessor: its maxExportBatchSize and maxQueueSize. */
export const BATCH_MAX = 512;
export const QUEUE_MAX = 2_048;
/** Not the 5 s of BatchSpanProcessor's scheduledDelay: an isolate may not live that long after a request. */
export const FLUSH_DELAY_MS = 1_000;
/** `waitUntil` ends 30 s after the answer; the last attempt, begun by then, may take 10. */
const SENDING_MS_MAX = 18_000;
/** A sender that has not come back after so long was ended by the runtime. */
const LEASE_MS = 40_000;

/** The room that all outboxes of an isolate share: spans take about 1 KB each, of its 128 MB. */
export interface Room {
  spans: number;
  readonly spansMax: number;
}

export interface OutboxOptions {
  readonly post: (spans: readonly Span[]) => Promise<PostOutcome>;
  readonly clock: Clock;
  readonly room: Room;
  readonly onDrop: (reason: DropReason, spans: number, why: string) => void;
}

export class SpanOutbox {
  readonly counts = new SpanCounts();
  readonly #options: OutboxOptions;
  readonly #queue: Span[] = [];
  /** Spans off the queue, sent again until they are taken or given up. */
  #batch: readonly Span[] = [];
  #failures = 0;
  #notBeforeMs = 0;
  /** Since when a request sends, if one does; the object itself tells that request from a later one. */
  #sending: { readonly sinceMs: number } | null = null;
  #waitingUntilMs = 0;
  #reportedDrops = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.waiting === 0 && this.#sending === null;
  }

  get waiting(): number {
    return this.#queue.length + this.#batch.length;
  }

  /** Queues the spans. Those that find no room are dropped, so that those queued before keep their place. */
  add(spans: readonly Span[]): void {
    const { room } = this.#options;
    this.counts.made += spans.length;
    const places = Math.max(0, Math.min(QUEUE_MAX - this.waiting, room.spansMax - room.spans));
    const queued = spans.slice(0, places);
    this.#queue.push(...queued);
    room.spans += queued.length;
    const lost = spans.length - queued.length;
    if (lost > 0) this.#drop("overflow", lost, "the queue is full");
  }

  /**
   * What the caller is to carry on after its answer; null if there is nothing, or another request does it.
   */
  turn(): Promise<void> | null {
    const nowMs = this.#options.clock.nowMs();
    this.#endLostSending(nowMs);
    if (this.waiting === 0 || this.#sending !== null) return null;
    const isDue = this.waiting >= BATCH_MAX && this.#notBeforeMs <= nowMs;
    if (isDue) return this.#send();
    return this.#waitingUntilMs > nowMs - FLUSH_DELAY_MS ? null : this.#sendLater(nowMs);
  }

  async #sendLater(nowMs: number): Promise<void> {
    const waitMs = Math.max(FLUSH_DELAY_MS, this.#notBeforeMs - nowMs);
    // The wait is too long for this request: one that comes later shall take it on.
    if (waitMs > SENDING_MS_MAX) return;
    this.#waitingUntilMs = nowMs + waitMs;
    await this.#options.clock.delay(waitMs);
    this.#waitingUntilMs = 0;
    if (this.#sending === null) await this.#send();
  }

  async #send(): Promise<void> {
    const sending = { sinceMs: this.#options.clock.nowMs() };
    this.#sending = sending;
    while (this.waiting > 0 && (await this.#isMyTurn(sending))) {
      if (this.#batch.length === 0) this.#batch = this.#queue.splice(0, BATCH_MAX);
      const drops = this.counts.droppedTotal;
      const outcome = await this.#options.post(this.#withReport(this.#batch));
      // This request was held for ended meanwhile: the batch is another's now.
      if (this.#sending !== sending) return;
      if (outcome.kind === "taken") this.#reportedDrops = drops;
      this.#settle(outcome);
    }
    if (this.#sending === sending) this.#sending = null;
  }

  /** False once this request must leave the waiting spans to another. */
  async #isMyTurn(sending: { sinceMs: number }): Promise<boolean> {
    const { clock } = this.#options;
    const waitMs = this.#notBeforeMs - clock.nowMs();
    const overMs = sending.sinceMs + SENDING_MS_MAX;
    if (clock.nowMs() + Math.max(0, waitMs) > overMs) return false;
    if (waitMs > 0) await clock.delay(waitMs);
    return this.#sending === sending;
  }

  #settle(outcome: PostOutcome): void {
    switch (outcome.kind) {
      case "retry":
        this.#fail(outcome.reason, outcome.afterMs);
        break;
      case "refused":
        this.#drop("refused", this.#endBatch(), outcome.reason);
        break;
      case "taken":
        this.#countTaken(this.#endBatch(), outcome.rejected);
    }
  }

  #countTaken(spans: number, rejectedSpans: number): void {
    const rejected = Math.min(spans, rejectedSpans);
    this.counts.taken += spans - rejected;
    if (rejected > 0) this.#drop("rejected", rejected, "partial success");
  }

  #fail(why: string, askedMs: number | null): void {
    const { clock } = this.#options;
    this.#failures += 1;
    if (this.#failures >= ATTEMPTS_MAX) {
      this.#drop("undelivered", this.#endBatch(), why);
    }
    this.#notBeforeMs = clock.nowMs() + retryWaitMs(Math.max(1, this.#failures), askedMs, clock);
  }

  /** Gives the batch's room back, and returns how many spans it had. */
  #endBatch(): number {
    const spans = this.#batch.length;
    this.#options.room.spans -= spans;
    this.#batch = [];
    this.#failures = 0;
    return spans;
  }

  /**
   * What a sender that was ended had sent may have arrived. It is sent again all the same: a collector that
   * knows the ids drops the second copy.
   */
  #endLostSending(nowMs: number): void {
    if (this.#sending === null || this.#sending.sinceMs + LEASE_MS > nowMs) return;
    this.#sending = null;
    if (this.#batch.length > 0) this.#fail("ended while sending", null);
  }

  #withReport(batch: readonly Span[]): readonly Span[] {
    if (this.counts.droppedTotal === this.#reportedDrops) return batch;
    return [...batch, dropNotice(this.counts, this.#options.clock.nowMs())];
  }

  #drop(reason: DropReason, spans: number, why: string): void {
    this.counts.drop(reason, spans);
    this.#options.onDrop(reason, spans, why);
  }
}
