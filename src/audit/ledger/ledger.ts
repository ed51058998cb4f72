/**
 * The Durable Object of one log: a chain and a Merkle tree over the same entries, in SQLite. It
 * appends, shows its head to the signer, answers readers. It never signs: the keys are not here, and
 * what was signed is remembered outside as well, so that a ledger set back to an older state is found.
 *
 * Each method reads its state anew and writes in one synchronous step: memory holds no figure.
 */

import type { AppendedEvent, AuditEvent } from "#audit/audit-event.ts";
import {
  type AppendResult,
  type ClosedLog,
  type LegalHold,
  type LogAddress,
  logOrigin,
  type PlaceHoldResult,
} from "#audit/audit-log.ts";
import type { CallNews, DecidedCall, OpenCall } from "#audit/calls/open-call.ts";
import { openCalls, takeNews } from "#audit/ledger/calls/call-steps.ts";
import { resumeWaiting, waitingKeysOf } from "#audit/ledger/calls/open-calls.ts";
import {
  destroyAllShares,
  destroyShare,
  findShare,
  makeShare,
} from "#audit/ledger/keys/stored-shares.ts";
import { readChainEnd } from "#audit/ledger/proven/chain-end.ts";
import { type LogState, openLog, readState } from "#audit/ledger/proven/log-state.ts";
import { daysPromisedTo } from "#audit/ledger/times/retention-ranges.ts";
import { hasRoomFor, hasRoomForRead } from "#audit/log-room.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import type { Env } from "#platform/env.ts";
import { originHost } from "#platform/settings.ts";
import { DAY_MS } from "#platform/time.ts";
import { appendEvents } from "./append.ts";
import { AppendQueue } from "./append-queue.ts";
import { type CorrectionAnswer, recordCorrection } from "./clock-correction.ts";
import { type ExportAnswer, type ExportRange, planExport, recordedRange } from "./export-range.ts";
import {
  freeze,
  type HeadAnswer,
  type HeadChecks,
  headSince,
  type LastSigned,
  type PublishAnswer,
  publish,
} from "./head.ts";
import { LedgerReads } from "./ledger-reads.ts";
import {
  announcePruning,
  beginPruning,
  insertHolds,
  isHeld,
  isReleasable,
  markReleased,
  type PruneAnswer,
  type RetentionTerms,
  refusalOfHold,
} from "./pruning.ts";
import { migrate } from "./schema.ts";

/** Gateways' and our gateway's: they are the first to find a log full. */
const REPORTED = [{ action: "tool.call.completed", instance_id: null }];

export class Ledger extends LedgerReads {
  readonly #queue = new AppendQueue((...append) => this.#appendNow(...append));

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(() => this.duties.begin());
  }

  append(address: LogAddress, events: readonly AppendedEvent[]): Promise<AppendResult> {
    return this.#queue.append(address, events);
  }

  /** The decisions, each of one call; what is not decided by the gateway's own word is `append`'s. */
  openCalls(address: LogAddress, decided: readonly DecidedCall[]): Promise<AppendResult> {
    const events = decided.flatMap(({ decision }) => decision ?? []);
    return this.#queue.append(address, events, decided);
  }

  /** Of calls that this object knows: all else is nobody's. Idempotent. */
  tellOfCalls(address: LogAddress, news: CallNews): void {
    if (readState(this.sql) === null) return;
    const take = () =>
      this.#writeOrFreeze(address, (state) => takeNews(this.sql, state, news, this.#terms()));
    // What a contradiction undid is done again, to the log that it closed.
    if (take() !== undefined) take();
    this.duties.callsEnded();
  }

  /** The call that waits by the key, once: and again for the same claim. */
  resumeCall(key: string, claim: string): OpenCall | null {
    return resumeWaiting(this.sql, { key, claim, nowMs: Date.now() });
  }

  waitingKeys(keys: readonly string[]): string[] {
    return waitingKeysOf(this.sql, keys);
  }

  /** Of the org's payload keys, whatever becomes of the log. */
  keyShare(version: number, isMade: boolean): Uint8Array | null {
    if (!isMade) return findShare(this.sql, version);
    return this.ctx.storage.transactionSync(() => makeShare(this.sql, version));
  }

  /** For good; null: of all versions, there were or may come. Idempotent. */
  destroyKeyShare(version: number | null): void {
    this.ctx.storage.transactionSync(() => {
      if (version === null) destroyAllShares(this.sql, Date.now());
      else destroyShare(this.sql, version);
    });
  }

  /** Shows none once MCPG_ORIGIN has changed: a head signed in the new name could never be published. */
  headSince(
    address: LogAddress,
    signed: LastSigned,
    checks: HeadChecks = { from: signed.size, isLast: true },
  ): HeadAnswer {
    const origin = logOrigin(originHost(this.env), address);
    return this.#write(address, (state) => {
      if (state.origin !== origin) return { kind: "other_origin" };
      return headSince(this.sql, state, signed, { ...checks, nowMs: Date.now() });
    });
  }

  publish(address: LogAddress, checkpoint: string): PublishAnswer {
    const answer = this.#writeOrFreeze(address, (state) =>
      publish(this.sql, state, checkpoint, Date.now()),
    );
    this.#writeOrFreeze(address, (state) => beginPruning(this.sql, state, Date.now()));
    this.duties.arm();
    return answer;
  }

  /** Closes the log on a contradiction that the signer proved. */
  freeze(address: LogAddress, reason: string): ClosedLog {
    return this.#write(address, () => freeze(this.sql, Date.now(), reason));
  }

  /** Ends a frozen log for good. False if it is not frozen. Idempotent. */
  succeed(address: LogAddress, successor: number): boolean {
    return this.#write(address, (state) => {
      if (state.frozenReason === null) return false;
      this.sql.exec("UPDATE log SET successor = ? WHERE successor IS NULL", successor);
      return true;
    });
  }

  announcePruning(address: LogAddress, terms: RetentionTerms, eventId: string): PruneAnswer {
    const answer = this.#writeOrFreeze(address, (state) =>
      announcePruning(this.sql, state, terms, eventId, Date.now()),
    );
    if (answer === "clock_unsettled") this.duties.lookAtClock();
    return typeof answer === "string" ? answer : "closed";
  }

  /** `isNeeded`: the clock is corrected elsewhere too, which is to be on the record. Idempotent. */
  correctClock(address: LogAddress, event: AuditEvent, isNeeded: boolean): CorrectionAnswer {
    return this.#writeOrFreeze(address, (state) =>
      recordCorrection(this.sql, state, event, { nowMs: Date.now(), isNeeded }),
    );
  }

  placeHold(address: LogAddress, event: AuditEvent, hold: LegalHold): PlaceHoldResult {
    const refuse = (state: LogState) => refusalOfHold(this.sql, state, hold.id);
    return this.#appendWith(address, event, () => insertHolds(this.sql, [hold]), refuse);
  }

  /** Those in force in the log that this one succeeds are in force here. Idempotent. */
  adoptHolds(address: LogAddress, holds: readonly LegalHold[]): void {
    this.#write(address, () => insertHolds(this.sql, holds));
  }

  /** Null if no such hold is in force. */
  releaseHold(address: LogAddress, event: AuditEvent, id: string): AppendResult | null {
    if (!isReleasable(this.sql, id, event.event_id)) return null;
    return this.#appendWith(address, event, () =>
      markReleased(this.sql, id, event.actor, Date.now()),
    );
  }

  /** Records the export and fixes what it holds, at one point in time. */
  beginExport(address: LogAddress, event: AuditEvent, range: ExportRange): ExportAnswer {
    return this.#writeOrFreeze(address, (state) => {
      const planned = planExport(this.sql, state, recordedRange(this.sql, event.event_id, range));
      if (planned.kind !== "export") return planned;
      const { from, to } = planned;
      const details = { ...event.details, from_seq: String(from), to_seq: String(to) };
      const isFull = !hasRoomForRead(this.env, this.sql.databaseSize);
      const recorded = { ...event, details };
      const result = appendEvents(this.sql, state, [recorded], Date.now(), { isFull });
      return result.kind === "appended" ? planned : result;
    });
  }

  /**
   * Destroys the log of an org that is no more, once its last entry has been kept for so many days, or as many as
   * were promised, by the tick's clock and by this one. False while there is something to keep. What was
   * promised to the oldest entry that is left, no other is promised more.
   */
  async destroy(tickMs: number, daysInForce: number): Promise<boolean> {
    const nowMs = Date.now();
    const promised = daysPromisedTo(this.sql, readState(this.sql)?.minIndex ?? 0);
    const keptMs = Math.max(daysInForce, promised) * DAY_MS;
    const expiredBefore = formatTimestamp(Math.min(tickMs, nowMs) - keptMs);
    const isKept = readChainEnd(this.sql).lastRecordedAt >= expiredBefore;
    if (isKept || this.#isHeld()) return false;
    if (!this.duties.maySweep(nowMs, true)) return false;
    await this.ctx.storage.deleteAll();
    migrate(this.ctx.storage);
    return true;
  }

  /** Held too is a log whose entries say otherwise of its holds: that is evidence. */
  #isHeld(): boolean {
    return this.read(false, (state) => isHeld(this.sql, state)) !== false;
  }

  override alarm(): Promise<void> {
    return this.duties.ring();
  }

  #appendNow(
    address: LogAddress,
    events: readonly AppendedEvent[],
    decided: readonly DecidedCall[],
  ): AppendResult {
    const result = this.#writeOrFreeze(address, (state) => {
      const appended: AppendResult =
        events.length === 0
          ? { kind: "appended", receipts: [] }
          : appendEvents(this.sql, state, events, Date.now(), this.#terms(events));
      if (appended.kind === "appended") openCalls(this.sql, decided, Date.now());
      return appended;
    });
    if (decided.length > 0) this.duties.callsDecided();
    return result;
  }

  #terms(events: readonly Pick<AppendedEvent, "action" | "instance_id">[] = REPORTED) {
    return { nowMs: Date.now(), isFull: !hasRoomFor(this.env, this.sql.databaseSize, events) };
  }

  /** Writes the event and the change that it tells of, or neither. */
  #appendWith<Refused = never>(
    address: LogAddress,
    event: AuditEvent,
    change: () => void,
    refuse: (state: LogState) => Refused | null = () => null,
  ): AppendResult | Refused {
    const result = this.#writeOrFreeze(address, (state) => {
      const refused = refuse(state);
      if (refused !== null) return refused;
      const appended = appendEvents(this.sql, state, [event], Date.now());
      if (appended.kind === "appended") change();
      return appended;
    });
    this.#writeOrFreeze(address, (state) => beginPruning(this.sql, state, Date.now()));
    this.duties.tellSoon();
    return result;
  }

  #write<Result>(address: LogAddress, work: (state: LogState) => Result): Result {
    const origin = logOrigin(originHost(this.env), address);
    const write = () => work(openLog(this.sql, address, origin));
    const result = this.ctx.storage.transactionSync(write);
    this.duties.arm();
    return result;
  }

  /** A contradiction that the work came upon undoes it, and closes the log. */
  #writeOrFreeze<Result>(
    address: LogAddress,
    work: (state: LogState) => Result,
  ): Result | ClosedLog {
    try {
      return this.#write(address, work);
    } catch (error) {
      return { kind: "frozen", reason: this.duties.freezeFor(error) };
    }
  }
}
