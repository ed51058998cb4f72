/** A call that this isolate serves: it is marked alive until it ends, or waits for another round. */
import type { LogAddress } from "#audit/audit-log.ts";
import type { OpenCall } from "#audit/calls/open-call.ts";
import type { Env } from "#platform/env.ts";
import { HOUR_MS } from "#platform/time.ts";
import { callOutbox } from "./call-outbox.ts";
import type { CallEnd, CallStart } from "./call-start.ts";

export interface BegunCall {
  readonly start: CallStart;
  /** Only the first end counts. */
  end(end: CallEnd): void;
  /**
   * Of a round or a task: whoever comes with the key goes on with this call. Resolves once that is so: to be
   * awaited before the answer that has the client come again.
   */
  wait(key: string, untilMs: number): Promise<void>;
}

/** What is done after the answer. */
export type AfterAnswer = Pick<ExecutionContext, "waitUntil">;

/** The object gives up calls that it has not heard of for 60 s. */
const ALIVE_MS = 20_000;
/** A sample is taken up to 24 h after its call began. */
const CALL_MS_MAX = 23 * HOUR_MS;

export class ServedCall implements BegunCall {
  readonly start: CallStart;
  readonly #place: { env: Env; ctx: AfterAnswer; address: LogAddress };
  readonly #isServed = new AbortController();

  constructor(start: CallStart, place: { env: Env; ctx: AfterAnswer; address: LogAddress }) {
    this.start = start;
    this.#place = place;
    place.ctx.waitUntil(this.#markAlive());
  }

  end({ outcome, errorCode, endedAtMs, responseBytes }: CallEnd): void {
    if (this.#isServed.signal.aborted) return;
    this.#isServed.abort();
    const { id, startedAtMs } = this.start;
    const ending = { outcome, errorCode, endedAtMs, responseBytes };
    this.#tell({ end: { id, startedAtMs, ending } });
  }

  async wait(key: string, untilMs: number): Promise<void> {
    if (this.#isServed.signal.aborted) return;
    this.#isServed.abort();
    const { id, startedAtMs } = this.start;
    const wait = { id, key, untilMs: Math.min(untilMs, startedAtMs + CALL_MS_MAX) };
    await this.#tell({ wait }, 0);
  }

  #tell(...news: TellArguments): Promise<unknown> {
    const { env, ctx, address } = this.#place;
    const telling = callOutbox(address).tell(env, ...news);
    ctx.waitUntil(telling);
    return telling;
  }

  /** On the timer of the request that serves it: with the request it ends. */
  async #markAlive(): Promise<void> {
    const { signal } = this.#isServed;
    for (;;) {
      await scheduler.wait(ALIVE_MS, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const { env, address } = this.#place;
      await callOutbox(address).tell(env, { aliveId: this.start.id });
    }
  }
}

type TellArguments =
  Parameters<ReturnType<typeof callOutbox>["tell"]> extends [Env, ...infer Rest] ? Rest : never;

/** Resources and prompts have a decision, and no end. */
export class UnendedCall implements BegunCall {
  readonly start: CallStart;

  constructor(start: CallStart) {
    this.start = start;
  }

  end(): void {}

  async wait(): Promise<void> {}
}

/** What a call that is resumed was begun with, as far as it was kept. */
export function startOfResumed(call: OpenCall): CallStart {
  const { hasEntries: _, ...start } = call;
  return { ...start, method: "tools/call" };
}
