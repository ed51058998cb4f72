/**
 * What requests of one isolate have for one receiver: it is gathered for a moment, and leaves together with the
 * first request whose time has come. Every request waits on its own timer, and does the work if none did before:
 * a request that is ended takes nothing of another's with it.
 */
import { logError } from "./log-error.ts";

/** At 100 requests/s 25 leave together: what a delivery costs besides its items is spread over them. */
const GATHER_MS = 250;
const RETRY_MS = 1_000;
/** Another request is at it. */
const POLL_MS = 50;
/** `waitUntil` ends 30 s after the answer. */
const WAITING_MS_MAX = 25_000;
/** Who has not come back after so long was ended by the runtime. */
const LEASE_MS = 10_000;

/** With what the request that calls it has of bindings. May be given items twice. */
export type Deliver<Item> = (items: readonly Item[]) => Promise<void>;

export interface GatheringTerms {
  /** Of a delivery. */
  readonly itemsMax: number;
  /** Beyond it an item is given up at once. */
  readonly waitingMax: number;
  /** Of the lines that tell of failures. */
  readonly log: { readonly org: string; readonly job: string };
  readonly onIdle: () => void;
}

interface Waiting<Item> {
  readonly item: Item;
  isDelivered: boolean;
}

export class Gathering<Item> {
  readonly #terms: GatheringTerms;
  #waiting: Waiting<Item>[] = [];
  #sending: { readonly items: readonly Waiting<Item>[]; readonly sinceMs: number } | null = null;

  constructor(terms: GatheringTerms) {
    this.#terms = terms;
  }

  /** Resolves once the receiver has it: to be carried on after the answer. False if it was given up. */
  async bring(item: Item, deliver: Deliver<Item>, gatherMs = GATHER_MS): Promise<boolean> {
    if (this.#waiting.length >= this.#terms.waitingMax) return false;
    const own: Waiting<Item> = { item, isDelivered: false };
    this.#waiting.push(own);
    // Not by the clock, which may be set back.
    for (let waitMs = gatherMs, waitedMs = 0; waitedMs < WAITING_MS_MAX; waitedMs += waitMs) {
      await scheduler.wait(waitMs);
      if (own.isDelivered) return true;
      waitMs = await this.#sendUnlessSending(deliver);
      if (own.isDelivered) return true;
    }
    return false;
  }

  /** Until none that is awaited is on its way; given up after a while, as a delivery is. */
  async untilBrought(isAwaited: (item: Item) => boolean, deliver: Deliver<Item>): Promise<void> {
    const isOne = ({ item }: Waiting<Item>) => isAwaited(item);
    const overMs = Date.now() + LEASE_MS;
    for (;;) {
      const isUnderWay = this.#sending?.items.some(isOne) || this.#waiting.some(isOne);
      if (!isUnderWay || Date.now() > overMs) return;
      await scheduler.wait(await this.#sendUnlessSending(deliver));
    }
  }

  /** How long to wait before looking again. */
  async #sendUnlessSending(deliver: Deliver<Item>): Promise<number> {
    this.#endLostSending();
    if (this.#sending !== null) return POLL_MS;
    try {
      await this.#send(deliver);
      return 0;
    } catch (error) {
      logError(error, this.#terms.log);
      return RETRY_MS;
    }
  }

  async #send(deliver: Deliver<Item>): Promise<void> {
    const items = this.#waiting.splice(0, this.#terms.itemsMax);
    if (items.length === 0) return;
    const sending = { items, sinceMs: Date.now() };
    this.#sending = sending;
    try {
      await deliver(items.map(({ item }) => item));
      for (const one of items) one.isDelivered = true;
    } finally {
      if (this.#sending === sending) this.#endSending();
    }
  }

  /** What a request that was ended had sent may have arrived. */
  #endLostSending(): void {
    if (this.#sending === null || this.#sending.sinceMs + LEASE_MS > Date.now()) return;
    this.#endSending();
  }

  #endSending(): void {
    const left = this.#sending?.items.filter(({ isDelivered }) => !isDelivered) ?? [];
    this.#sending = null;
    this.#waiting.unshift(...left);
    if (this.#waiting.length === 0) this.#terms.onIdle();
  }
}
