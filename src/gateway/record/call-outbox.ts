/** What an isolate has to tell a log's object of its calls, gathered into RPCs: told twice, it is the same. */
import type { LogAddress } from "#audit/audit-log.ts";
import type { CallNews, ToldEnd, ToldWait } from "#audit/calls/open-call.ts";
import { callLedger } from "#audit/ledger-stub.ts";
import type { Env } from "#platform/env.ts";
import { type Deliver, Gathering } from "#platform/gathering.ts";

/** One transaction of the object: an entry each, some 15 ms. */
const NEWS_MAX = 256;
/** About 5 MB. A call whose end finds no room is given up by the object. */
const WAITING_MAX = 10_000;

type News = { end: ToldEnd } | { aliveId: string } | { wait: ToldWait };

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
  readonly #news: Gathering<News>;

  constructor(address: LogAddress, onIdle: () => void) {
    this.#address = address;
    const log = { org: address.org, job: "call outbox" };
    this.#news = new Gathering({ itemsMax: NEWS_MAX, waitingMax: WAITING_MAX, log, onIdle });
  }

  /** Resolves once the object has it: to be carried on after the answer. False if it was given up. */
  tell(env: Env, news: News, gatherMs?: number): Promise<boolean> {
    return this.#news.bring(news, this.#tellThrough(env), gatherMs);
  }

  /** Of a wait that is on its way: whoever comes with its key finds the call. */
  untilTold(env: Env, key: string): Promise<void> {
    const isAwaited = (news: News) => "wait" in news && news.wait.key === key;
    return this.#news.untilBrought(isAwaited, this.#tellThrough(env));
  }

  #tellThrough(env: Env): Deliver<News> {
    const address = this.#address;
    return async (news) => {
      await callLedger(env, address, (ledger) => ledger.tellOfCalls(address, newsOf(news)));
    };
  }
}

function newsOf(all: readonly News[]): CallNews {
  return {
    ends: all.flatMap((news) => ("end" in news ? [news.end] : [])),
    alive: all.flatMap((news) => ("aliveId" in news ? [news.aliveId] : [])),
    waits: all.flatMap((news) => ("wait" in news ? [news.wait] : [])),
  };
}
