/**
 * What an isolate has to tell a log's object of its calls: it is gathered for a moment, and leaves in one RPC
 * with the first request whose time has come. Every request waits on its own timer, and does the work if none
 * did before: a request that is ended takes nothing of another's with it.
 */
import type { LogAddress } from "#audit/audit-log.ts";
import type { CallNews, ToldEnd, ToldWait } from "#audit/calls/open-call.ts";
import { callLedger } from "#audit/ledger-stub.ts";
import type { Env } from "#platform/env.ts";
import { logError } from "#platform/log-error.ts";

/** At 100 calls/s an RPC tells of 25: what each append costs besides its entries is spread over them. */
const GATHER_MS = 250;
const RETRY_MS = 1_000;
/** Another request is at it. */
const POLL_MS = 50;
/** `waitUntil` ends 30 s after the answer. */
const TELLING_MS_MAX = 25_000;
/** Who has not come back after so long was ended by the runtime. */
const LEASE_MS = 10_000;
/** One transaction of the object: an entry each, some 15 ms. */
const NEWS_MAX = 256;
/** About 5 MB. A call whose end finds no room is given up by the object. */
const WAITING_MAX = 10_000;

type News = { end: ToldEnd } | { aliveId: string } | { wait: ToldWait };

interface WaitingNews {
  readonly news: News;
  isTold: boolean;
}

const outboxes = new Map<string, CallOutbox>();

/** One for each log: a call ends where it was decided. */
export function callOutbox(address: LogAddress): CallOutbox {
  const key = `${address.org}/${address.log}`;
  const known = outboxes.get(key);
  if (known !== undefined) return known;
  const outbox = new CallOutbox(address, () => outboxes.delete(key));
  outboxes.set(key, outbox);
  return outbox;
}

export class CallOutbox {
  readonly #address: LogAddress;
  readonly #onIdle: () => void;
  #waiting: WaitingNews[] = [];
  #sending: { readonly news: readonly WaitingNews[]; readonly sinceMs: number } | null = null;

  constructor(address: LogAddress, onIdle: () => void) {
    this.#address = address;
    this.#onIdle = onIdle;
  }

  /** Resolves once the object has it: to be carried on after the answer. False if it was given up. */
  async tell(env: Env, news: News, gatherMs = GATHER_MS): Promise<boolean> {
    if (this.#waiting.length >= WAITING_MAX) return false;
    const own: WaitingNews = { news, isTold: false };
    this.#waiting.push(own);
    // Not by the clock, which may be set back.
    for (let waitMs = gatherMs, waitedMs = 0; waitedMs < TELLING_MS_MAX; waitedMs += waitMs) {
      await scheduler.wait(waitMs);
      if (own.isTold) return true;
      waitMs = await this.#sendUnlessSending(env);
      if (own.isTold) return true;
    }
    return false;
  }

  /** Of a wait that is on its way: whoever comes with its key finds the call. */
  async untilTold(env: Env, key: string): Promise<void> {
    const isAwaited = ({ news }: WaitingNews) => "wait" in news && news.wait.key === key;
    const overMs = Date.now() + LEASE_MS;
    for (;;) {
      const isUnderWay = this.#sending?.news.some(isAwaited) || this.#waiting.some(isAwaited);
      if (!isUnderWay || Date.now() > overMs) return;
      await scheduler.wait(await this.#sendUnlessSending(env));
    }
  }

  /** How long to wait before looking again. */
  async #sendUnlessSending(env: Env): Promise<number> {
    this.#endLostSending();
    if (this.#sending !== null) return POLL_MS;
    try {
      await this.#send(env);
      return 0;
    } catch (error) {
      logError(error, { org: this.#address.org, job: "call outbox" });
      return RETRY_MS;
    }
  }

  async #send(env: Env): Promise<void> {
    const news = this.#waiting.splice(0, NEWS_MAX);
    if (news.length === 0) return;
    const sending = { news, sinceMs: Date.now() };
    this.#sending = sending;
    try {
      await callLedger(env, this.#address, (ledger) =>
        ledger.tellOfCalls(this.#address, newsOf(news)),
      );
      for (const one of news) one.isTold = true;
    } finally {
      if (this.#sending === sending) this.#endSending();
    }
  }

  /** What a request that was ended had sent may have arrived: told twice, it is the same. */
  #endLostSending(): void {
    if (this.#sending === null || this.#sending.sinceMs + LEASE_MS > Date.now()) return;
    this.#endSending();
  }

  #endSending(): void {
    const untold = this.#sending?.news.filter(({ isTold }) => !isTold) ?? [];
    this.#sending = null;
    this.#waiting.unshift(...untold);
    if (this.#waiting.length === 0) this.#onIdle();
  }
}

function newsOf(waiting: readonly WaitingNews[]): CallNews {
  const all = waiting.map(({ news }) => news);
  return {
    ends: all.flatMap((news) => ("end" in news ? [news.end] : [])),
    alive: all.flatMap((news) => ("aliveId" in news ? [news.aliveId] : [])),
    waits: all.flatMap((news) => ("wait" in news ? [news.wait] : [])),
  };
}
