/**
 * What the object does for itself, by its one alarm: it tells D1, deletes what is pruned, proves a slice of the
 * log. And it freezes on a contradiction, whoever came upon it.
 */
import { EVENT_ID_DAYS_MIN } from "#audit/audit-event.ts";
import { CallDelivery } from "#audit/ledger/calls/call-delivery.ts";
import { giveUpCalls } from "#audit/ledger/calls/call-steps.ts";
import { hasEndedCalls } from "#audit/ledger/calls/ended-calls.ts";
import { HEARD_WITHIN_MS, nextSweepAt } from "#audit/ledger/calls/open-calls.ts";
import {
  type ContradictedRead,
  type CutAnswer,
  isContradicted,
  LogContradiction,
} from "#audit/ledger/proven/contradiction.ts";
import { closedBy, type LogState, readState } from "#audit/ledger/proven/log-state.ts";
import { nextScrubAt, scrubSlice, scrubSoon, untoldPass } from "#audit/ledger/proven/scrub.ts";
import { isDeletionAwaited, maySweep } from "#audit/ledger/times/ledger-clock.ts";
import { hasRoomFor } from "#audit/log-room.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import type { Env } from "#platform/env.ts";
import { logError } from "#platform/log-error.ts";
import { LOOK_MS } from "#platform/steady-clock.ts";
import { DAY_MS } from "#platform/time.ts";
import { freeze } from "./head.ts";
import { LedgerAlarm } from "./ledger-alarm.ts";
import { deletePruned, hasPruned } from "./pruning.ts";
import { hasNews, hasUntoldFreeze, requireRecord, requireSignedNote, tellD1 } from "./tell.ts";

/**
 * D1 is told of the first unsigned entry soon, so that the next tick signs it; of the rest of a burst at
 * leisure; of a freeze at once.
 */
const TELL_AFTER_MS = { first: 1_000, next: 15_000, failure: 30_000 };

const GIVEN_UP = [{ action: "tool.call.completed", instance_id: null }];

type DutyProgress = "more" | "done";

async function attempted(
  duty: () => DutyProgress | Promise<void>,
): Promise<DutyProgress | "failed"> {
  try {
    return (await duty()) ?? "done";
  } catch (error) {
    logError(error, { job: "ledger alarm" });
    return "failed";
  }
}

export class LedgerDuties {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  readonly #env: () => Env;
  readonly #alarm: LedgerAlarm;
  readonly #delivery: CallDelivery;

  constructor(storage: DurableObjectStorage, env: () => Env) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#env = env;
    this.#alarm = new LedgerAlarm(storage);
    this.#delivery = new CallDelivery(this.#sql, env);
  }

  /** An alarm that was lost would leave entries unsigned unseen: whoever wakes the object mends it. */
  async begin(): Promise<void> {
    await this.#alarm.load();
    const state = readState(this.#sql);
    if (state !== null && scrubSoon(this.#sql, state, Date.now())) this.#setByScrub(state);
    this.#armForCalls();
    this.arm();
  }

  /** Never fails: an alarm that fails six times is dropped, this one comes again. */
  async ring(): Promise<void> {
    this.#alarm.rings();
    const state = readState(this.#sql);
    // Each duty by itself: what is damaged for one must not keep the others from being done.
    const isFreezeUntold = state !== null && hasUntoldFreeze(state);
    const urgent = isFreezeUntold ? await attempted(() => this.#tell()) : "done";
    const deleted = await attempted(() => this.#delete());
    const scrubbed = deleted === "more" ? "more" : await attempted(() => this.#scrub());
    const swept = await attempted(() => this.#giveUpCalls());
    const delivered = await attempted(() => this.#delivery.deliver());
    // More of the same is due at once: D1 hears of it when it is done.
    const isTellingDue = scrubbed !== "more" || this.#hasNews();
    const told = isTellingDue ? await attempted(() => this.#tell()) : "done";
    this.#armForCalls();
    this.arm();
    if (![urgent, deleted, scrubbed, swept, delivered, told].includes("failed")) return;
    this.#alarm.setBy(Date.now() + TELL_AFTER_MS.failure);
  }

  /** What contradicts itself is evidence: of a closed log nothing more is deleted. */
  #delete(): DutyProgress {
    const nowMs = Date.now();
    const keptSinceMs = nowMs - EVENT_ID_DAYS_MIN * DAY_MS;
    // Ids are forgotten by the clock, and so kept while it is not to be trusted.
    const idsKeptSince = this.maySweep(nowMs, false) ? formatTimestamp(keptSinceMs) : "";
    const isDone = this.read(true, (state) => {
      if (closedBy(state) !== null) return true;
      return this.#storage.transactionSync(() => deletePruned(this.#sql, state, idsKeptSince));
    });
    return isDone === false ? "more" : "done";
  }

  #giveUpCalls(): DutyProgress {
    const nowMs = Date.now();
    // Not only when one is due: what a clock that was ahead has put off is called back.
    if (nextSweepAt(this.#sql) === null) return "done";
    this.read(undefined, (state) =>
      this.#storage.transactionSync(() => {
        const isFull = !hasRoomFor(this.#env(), this.#sql.databaseSize, GIVEN_UP);
        giveUpCalls(this.#sql, state, { nowMs, isFull });
      }),
    );
    return "done";
  }

  #scrub(): DutyProgress {
    const progress = this.read("idle", (now) =>
      this.#storage.transactionSync(() => scrubSlice(this.#sql, now, Date.now())),
    );
    return progress === "more" ? "more" : "done";
  }

  /**
   * Sets the alarm for what is due next. Called in the turn of the write that it follows, so that both are one
   * commit.
   */
  arm(): void {
    const state = readState(this.#sql);
    if (state === null) return;
    const isDeleting = closedBy(state) === null && hasPruned(this.#sql);
    if (hasUntoldFreeze(state) || isDeleting) this.#alarm.setBy(Date.now());
    if (state.treeSize > state.toldSize) {
      const isFirst = state.toldSize === state.publishedSize;
      this.#alarm.setBy(Date.now() + (isFirst ? TELL_AFTER_MS.first : TELL_AFTER_MS.next));
    }
    this.#setByScrub(state);
  }

  /** Soon enough for a call that is not heard of again. */
  callsDecided(): void {
    this.#alarm.setBy(Date.now() + HEARD_WITHIN_MS);
    this.callsEnded();
  }

  /** D1 is given what is to be kept of them, without anyone waiting for it; an alarm has it given again. */
  callsEnded(): void {
    if (!hasEndedCalls(this.#sql)) return;
    this.#alarm.setBy(Date.now() + TELL_AFTER_MS.next);
    void attempted(() => this.#delivery.deliver());
  }

  #armForCalls(): void {
    const atMs = nextSweepAt(this.#sql);
    if (atMs !== null) this.#alarm.setBy(atMs);
    if (hasEndedCalls(this.#sql)) this.#alarm.setBy(Date.now() + TELL_AFTER_MS.next);
  }

  /** Looks at the clock. While something waits for that to settle, alarms have it looked at again. */
  maySweep(nowMs: number, isAsked: boolean): boolean {
    const isAllowed = this.#storage.transactionSync(() => maySweep(this.#sql, nowMs, isAsked));
    if (isDeletionAwaited(this.#sql)) this.lookAtClock();
    return isAllowed;
  }

  lookAtClock(): void {
    this.#alarm.setBy(Date.now() + LOOK_MS);
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

  /** The answer may end before what cannot be proven: that closes the log at once. */
  readPart<Part extends CutAnswer>(
    none: Part,
    work: (state: LogState) => Part,
  ): Part | ContradictedRead {
    const answer = this.read(none, work);
    if (isContradicted(answer) || answer.cutBy === null) return answer;
    this.freezeFor(new LogContradiction(answer.cutBy));
    return answer;
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
    const isPassTold = untoldPass(this.#sql) !== null;
    const record = await tellD1(this.#env(), this.#sql, told);
    this.read(null, (state) => requireRecord(this.#sql, state, record));
    // A signature takes 2 ms to verify: once a pass.
    if (isPassTold) this.read(null, () => requireSignedNote(told, record));
  }
}
