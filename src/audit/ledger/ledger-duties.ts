/**
 * What the object does for itself, by its one alarm: it tells D1, deletes what is pruned, proves a slice of the
 * log. And it freezes on a contradiction, whoever came upon it.
 */
import { EVENT_ID_DAYS_MIN } from "#audit/audit-event.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import type { Env } from "#platform/env.ts";
import { logError } from "#platform/log-error.ts";
import { DAY_MS } from "#platform/time.ts";
import { type ContradictedRead, LogContradiction } from "./contradiction.ts";
import { freeze } from "./head.ts";
import { LedgerAlarm } from "./ledger-alarm.ts";
import { type LogState, readState } from "./log-state.ts";
import { deletePruned, hasPruned } from "./pruning.ts";
import { nextScrubAt, scrubSlice, scrubSoon } from "./scrub.ts";
import { hasNews, hasUntoldFreeze, requireRecord, tellD1 } from "./tell.ts";

/**
 * D1 is told of the first unsigned entry soon, so that the next tick signs it; of the rest of a burst at
 * leisure; of a freeze at once.
 */
const TELL_AFTER_MS = { first: 1_000, next: 15_000, failure: 30_000 };

export class LedgerDuties {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  readonly #env: () => Env;
  readonly #alarm: LedgerAlarm;

  constructor(storage: DurableObjectStorage, env: () => Env) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#env = env;
    this.#alarm = new LedgerAlarm(storage);
  }

  /** An alarm that was lost would leave entries unsigned unseen: whoever wakes the object mends it. */
  async begin(): Promise<void> {
    await this.#alarm.load();
    const state = readState(this.#sql);
    if (state !== null && scrubSoon(this.#sql, state, Date.now())) this.#setByScrub(state);
    this.arm();
  }

  /** Never fails: an alarm that fails six times is dropped, this one comes again. */
  async ring(): Promise<void> {
    this.#alarm.rings();
    try {
      await this.#ring();
    } catch (error) {
      logError(error, { job: "ledger alarm" });
      this.#alarm.setBy(Date.now() + TELL_AFTER_MS.failure);
    }
  }

  async #ring(): Promise<void> {
    const state = readState(this.#sql);
    if (state !== null && hasUntoldFreeze(state)) await this.#tell();
    const idsKeptSince = formatTimestamp(Date.now() - EVENT_ID_DAYS_MIN * DAY_MS);
    if (!this.#storage.transactionSync(() => deletePruned(this.#sql, idsKeptSince))) {
      this.#alarm.setBy(Date.now());
      return;
    }
    const progress = this.read("idle", (now) =>
      this.#storage.transactionSync(() => scrubSlice(this.#sql, now, Date.now())),
    );
    if (progress !== "more" || this.#hasNews()) await this.#tell();
    this.arm();
  }

  /**
   * Sets the alarm for what is due next. Called in the turn of the write that it follows, so that both are one
   * commit.
   */
  arm(): void {
    const state = readState(this.#sql);
    if (state === null) return;
    if (hasUntoldFreeze(state) || hasPruned(this.#sql)) this.#alarm.setBy(Date.now());
    if (state.treeSize > state.toldSize) {
      const isFirst = state.toldSize === state.publishedSize;
      this.#alarm.setBy(Date.now() + (isFirst ? TELL_AFTER_MS.first : TELL_AFTER_MS.next));
    }
    if (!this.#alarm.isSet) this.#setByScrub(state);
  }

  tellSoon(): void {
    this.#alarm.setBy(Date.now() + TELL_AFTER_MS.first);
  }

  /** A contradiction that the work came upon closes the log, and takes the place of its answer. */
  read<Result>(none: Result, work: (state: LogState) => Result): Result | ContradictedRead {
    const state = readState(this.#sql);
    if (state === null) return none;
    try {
      return work(state);
    } catch (error) {
      return { kind: "contradicted", reason: this.freezeFor(error) };
    }
  }

  /** Rethrows what is no contradiction. Returns it; the log may have been frozen for another before. */
  freezeFor(error: unknown): string {
    if (!(error instanceof LogContradiction)) throw error;
    this.#storage.transactionSync(() => freeze(this.#sql, Date.now(), error.message));
    this.arm();
    return error.message;
  }

  #setByScrub(state: LogState): void {
    const atMs = nextScrubAt(this.#sql, state, Date.now());
    if (atMs !== null) this.#alarm.setBy(atMs);
  }

  #hasNews(): boolean {
    const state = readState(this.#sql);
    return state !== null && hasNews(this.#sql, state);
  }

  async #tell(): Promise<void> {
    const told = readState(this.#sql);
    if (told === null) return;
    const record = await tellD1(this.#env(), this.#sql, told);
    this.read(null, (state) => requireRecord(this.#sql, state, record));
  }
}
