/**
 * A call whose decision the ledger could not take, of an org that permits it: the directory remembers it until it
 * has ended, and the cron brings both to the ledger once it takes them.
 */

import type { CallEnding, DecidedCall, OpenCall } from "#audit/calls/open-call.ts";
import { currentLog } from "#audit/current-log.ts";
import {
  endDecision,
  hasRoomInOutbox,
  insertDecision,
  postponeDecision,
  resumeDecision,
} from "#audit/store/decision-outbox.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { ExpiringMap } from "#platform/expiring-map.ts";
import { logError } from "#platform/log-error.ts";
import { HOUR_MS } from "#platform/time.ts";
import { callOutbox } from "./call-outbox.ts";
import type { CallEnd, CallStart } from "./call-start.ts";
import { deliverEndedCalls } from "./deliver-ended-calls.ts";
import type { AfterAnswer, BegunCall } from "./served-call.ts";

/** 10 MB of the directory, which all orgs share: a log that is closed for days must not fill it. */
const OUTBOX_ROWS_MAX = 10_000;
const room = new ExpiringMap<{ isLeft: boolean }>({ ttlMs: 5_000, entriesMax: 1_024 });

const ALIVE_MS = 20_000;
/** As the object gives calls up. */
const DUE_MS = 60_000;
const CALL_MS_MAX = 23 * HOUR_MS;
const RETRIES_MS = [0, 500, 2_000, 8_000];

/** Fails with `unavailable` where the directory cannot keep it either. */
export async function keepDecision(
  env: Env,
  { org }: Org,
  { decision, call, ending }: DecidedCall,
): Promise<void> {
  const nowMs = Date.now();
  // Without an entry to keep there is nothing to remember the call by: it waits for the ledger.
  if (decision === null) return fail({ kind: "unavailable", retryAfterSeconds: 1 });
  const found = await room.getOrLoad(org, nowMs, async () => ({
    isLeft: await hasRoomInOutbox(env.DIRECTORY, org, OUTBOX_ROWS_MAX),
  }));
  if (!found?.isLeft) return fail({ kind: "unavailable", retryAfterSeconds: 5 });
  const details = { ...decision.details, decided_without_ledger: true };
  const event = { ...decision, details, occurred_at: formatTimestamp(nowMs) };
  await insertDecision(env.DIRECTORY, org, { event, call, ending }, nowMs + DUE_MS);
}

export function resumeKeptCall(env: Env, { org }: Org, key: string): Promise<OpenCall | null> {
  return resumeDecision(env.DIRECTORY, org, { key, dueAtMs: Date.now() + DUE_MS });
}

export class UndurableCall implements BegunCall {
  readonly start: CallStart;
  readonly #call: OpenCall;
  readonly #place: { env: Env; ctx: AfterAnswer; org: Org };
  readonly #isServed = new AbortController();

  constructor(start: CallStart, call: OpenCall, place: { env: Env; ctx: AfterAnswer; org: Org }) {
    this.start = start;
    this.#call = call;
    this.#place = place;
    place.ctx.waitUntil(this.#markAlive());
  }

  end(end: CallEnd): void {
    if (this.#isServed.signal.aborted) return;
    this.#isServed.abort();
    this.#place.ctx.waitUntil(this.#end(end));
  }

  async wait(key: string, untilMs: number): Promise<void> {
    if (this.#isServed.signal.aborted) return;
    this.#isServed.abort();
    const dueAtMs = Math.min(untilMs, this.#call.startedAtMs + CALL_MS_MAX);
    await postponeDecision(this.#place.env.DIRECTORY, this.#call.id, { dueAtMs, key });
  }

  /** What cannot be told is given up by the cron. */
  async #end({ outcome, errorCode, endedAtMs, responseBytes }: CallEnd): Promise<void> {
    const ending = { outcome, errorCode, endedAtMs, responseBytes };
    for (const waitMs of RETRIES_MS) {
      await scheduler.wait(waitMs);
      try {
        return await this.#tellEnd(ending);
      } catch (error) {
        logError(error, { org: this.#place.org.org, job: "undurable call" });
      }
    }
  }

  async #tellEnd(ending: CallEnding): Promise<void> {
    const { env, org } = this.#place;
    const { id, startedAtMs } = this.#call;
    const address = currentLog(org);
    const isFirst = await endDecision(env.DIRECTORY, id, ending);
    if (isFirst) {
      await deliverEndedCalls(env, address, [{ call: this.#call, ending, unrecorded: null }]);
      return;
    }
    // It was given up, and may be in the ledger by now: there its end is late.
    await callOutbox(address).tell(env, { end: { id, startedAtMs, ending } });
  }

  async #markAlive(): Promise<void> {
    const { signal } = this.#isServed;
    for (;;) {
      await scheduler.wait(ALIVE_MS, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const alive = { dueAtMs: Date.now() + DUE_MS, key: null };
      await postponeDecision(this.#place.env.DIRECTORY, this.#call.id, alive).catch(
        () => undefined,
      );
    }
  }
}
