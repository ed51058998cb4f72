/**
 * Gives D1 what is to be kept of calls that ended: one delivery at a time, so that what ends meanwhile leaves
 * with the next. What was given and not forgotten is given again, and adds nothing.
 */

import { sinkEndedCalls } from "#audit/calls/open-call-sink.ts";
import { readState } from "#audit/ledger/proven/log-state.ts";
import type { Env } from "#platform/env.ts";
import { inTime } from "#platform/in-time.ts";
import { deleteEndedCalls, readEndedCalls } from "./ended-calls.ts";

/** One that takes longer may still come to its end, beside the next. */
const DELIVERY_MS_MAX = 20_000;

export class CallDelivery {
  readonly #sql: SqlStorage;
  readonly #env: () => Env;
  #underWay: Promise<void> | null = null;

  constructor(sql: SqlStorage, env: () => Env) {
    this.#sql = sql;
    this.#env = env;
  }

  /** Until nothing waits. Whoever comes while it goes on waits for the same. */
  deliver(): Promise<void> {
    this.#underWay ??= this.#deliverAll().finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }

  async #deliverAll(): Promise<void> {
    for (;;) {
      const state = readState(this.#sql);
      const { batches, calls } = readEndedCalls(this.#sql);
      if (state === null || batches.length === 0) return;
      const address = { org: state.org, log: state.number, shard: state.shard };
      await inTime(sinkEndedCalls(this.#env(), address, calls), DELIVERY_MS_MAX, tooLong);
      deleteEndedCalls(this.#sql, batches);
    }
  }
}

function tooLong(): Error {
  return new Error("ended calls: D1 takes too long");
}
