/**
 * The Durable Object of one log: a chain and a Merkle tree over the same entries, in SQLite. It
 * appends, shows its head to the signer, answers readers. It never signs: the keys are not here, and
 * what was signed is remembered outside as well, so that a ledger set back to an older state is found.
 *
 * Each method reads its state anew and writes in one synchronous step: memory holds no figure.
 */

import { DurableObject } from "cloudflare:workers";
import type { AppendedEvent, AuditEvent } from "#audit/audit-event.ts";
import {
  type AppendResult,
  type ClosedLog,
  type LegalHold,
  type LogAddress,
  type LogEntry,
  type LogStatus,
  logOrigin,
  type PlaceHoldResult,
} from "#audit/audit-log.ts";
import type { AuditFilter } from "#audit/entry-filter.ts";
import { readChainEnd } from "#audit/ledger/proven/chain-end.ts";
import { type ContradictedRead, isContradicted } from "#audit/ledger/proven/contradiction.ts";
import { type LogState, openLog, readState } from "#audit/ledger/proven/log-state.ts";
import { daysPromisedTo } from "#audit/ledger/times/retention-ranges.ts";
import { hasRoomFor, hasRoomForRead } from "#audit/log-room.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import type { TilePath } from "#formats/tlog/tlog-tiles.ts";
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
import { type HoldsToAdopt, holdsToAdopt } from "./holds-to-adopt.ts";
import { LedgerDuties } from "./ledger-duties.ts";
import { readStatus } from "./log-status.ts";
import {
  announcePruning,
  beginPruning,
  findHolds,
  insertHolds,
  isHeld,
  isReleasable,
  markReleased,
  type PruneAnswer,
  type RetentionTerms,
  refusalOfHold,
} from "./pruning.ts";
import {
  type EntryLines,
  type LineRange,
  NOT_THERE,
  type ProofAnswer,
  proveConsistency,
  proveEntry,
  readLines,
  readTile,
  type TileAnswer,
} from "./published.ts";
import { migrate } from "./schema.ts";
import { type EntryPage, findEntry, type PageBounds, searchEntries } from "./search.ts";

export class Ledger extends DurableObject<Env> {
  readonly #sql: SqlStorage;
  readonly #queue: AppendQueue;
  readonly #duties: LedgerDuties;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    migrate(ctx.storage);
    this.#queue = new AppendQueue((address, events) => this.#appendNow(address, events));
    this.#duties = new LedgerDuties(ctx.storage, () => this.env);
    void ctx.blockConcurrencyWhile(() => this.#duties.begin());
  }

  append(address: LogAddress, events: readonly AppendedEvent[]): Promise<AppendResult> {
    return this.#queue.append(address, events);
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
      return headSince(this.#sql, state, signed, { ...checks, nowMs: Date.now() });
    });
  }

  publish(address: LogAddress, checkpoint: string): PublishAnswer {
    const answer = this.#writeOrFreeze(address, (state) =>
      publish(this.#sql, state, checkpoint, Date.now()),
    );
    this.#writeOrFreeze(address, (state) => beginPruning(this.#sql, state, Date.now()));
    this.#duties.arm();
    return answer;
  }

  /** Closes the log on a contradiction that the signer proved. */
  freeze(address: LogAddress, reason: string): ClosedLog {
    return this.#write(address, () => freeze(this.#sql, Date.now(), reason));
  }

  /** Ends a frozen log for good. False if it is not frozen. Idempotent. */
  succeed(address: LogAddress, successor: number): boolean {
    return this.#write(address, (state) => {
      if (state.frozenReason === null) return false;
      this.#sql.exec("UPDATE log SET successor = ? WHERE successor IS NULL", successor);
      return true;
    });
  }

  announcePruning(address: LogAddress, terms: RetentionTerms, eventId: string): PruneAnswer {
    const answer = this.#writeOrFreeze(address, (state) =>
      announcePruning(this.#sql, state, terms, eventId, Date.now()),
    );
    if (answer === "clock_unsettled") this.#duties.lookAtClock();
    return typeof answer === "string" ? answer : "closed";
  }

  /** `isNeeded`: the clock is corrected elsewhere too, which is to be on the record. Idempotent. */
  correctClock(address: LogAddress, event: AuditEvent, isNeeded: boolean): CorrectionAnswer {
    return this.#writeOrFreeze(address, (state) =>
      recordCorrection(this.#sql, state, event, { nowMs: Date.now(), isNeeded }),
    );
  }

  placeHold(address: LogAddress, event: AuditEvent, hold: LegalHold): PlaceHoldResult {
    const refuse = (state: LogState) => refusalOfHold(this.#sql, state, hold.id);
    return this.#appendWith(address, event, () => insertHolds(this.#sql, [hold]), refuse);
  }

  /** Those in force in the log that this one succeeds are in force here. Idempotent. */
  adoptHolds(address: LogAddress, holds: readonly LegalHold[]): void {
    this.#write(address, () => insertHolds(this.#sql, holds));
  }

  /** Null if no such hold is in force. */
  releaseHold(address: LogAddress, event: AuditEvent, id: string): AppendResult | null {
    if (!isReleasable(this.#sql, id, event.event_id)) return null;
    return this.#appendWith(address, event, () =>
      markReleased(this.#sql, id, event.actor, Date.now()),
    );
  }

  /** Records the export and fixes what it holds, at one point in time. */
  beginExport(address: LogAddress, event: AuditEvent, range: ExportRange): ExportAnswer {
    return this.#writeOrFreeze(address, (state) => {
      const planned = planExport(this.#sql, state, recordedRange(this.#sql, event.event_id, range));
      if (planned.kind !== "export") return planned;
      const { from, to } = planned;
      const details = { ...event.details, from_seq: String(from), to_seq: String(to) };
      const isFull = !hasRoomForRead(this.env, this.#sql.databaseSize);
      const recorded = { ...event, details };
      const result = appendEvents(this.#sql, state, [recorded], Date.now(), { isFull });
      return result.kind === "appended" ? planned : result;
    });
  }

  /** What an export would hold, without an entry that records it: the log may be closed. */
  planExport(range: ExportRange): ExportAnswer | null | ContradictedRead {
    return this.#read(null, (state) => planExport(this.#sql, state, range));
  }

  /** Always answers: of a log that contradicts itself it says so. */
  status(): LogStatus | null {
    const end = this.#read(null, () => readChainEnd(this.#sql));
    const state = readState(this.#sql);
    if (state === null) return null;
    return readStatus(this.#sql, state, isContradicted(end) ? null : end, Date.now());
  }

  search(filter: AuditFilter, page: PageBounds): EntryPage | ContradictedRead {
    const none = { entries: [], before: null, cutBy: null };
    return this.#duties.readPart(none, (state) => searchEntries(this.#sql, state, filter, page));
  }

  entry(seq: number): LogEntry | "pruned" | null | ContradictedRead {
    return this.#read<LogEntry | "pruned" | null>(null, (state) =>
      seq < state.minIndex ? "pruned" : findEntry(this.#sql, state, seq),
    );
  }

  proof(seq: number): ProofAnswer | ContradictedRead {
    return this.#read(NOT_THERE, (state) => proveEntry(this.#sql, state, seq));
  }

  consistency(oldSize: number, newSize: number): Uint8Array[] | null | ContradictedRead {
    return this.#read(null, (state) => proveConsistency(this.#sql, state, oldSize, newSize));
  }

  tile(path: TilePath): TileAnswer | ContradictedRead {
    return this.#read(NOT_THERE, (state) => readTile(this.#sql, state, path));
  }

  lines(range: LineRange): EntryLines | ContradictedRead {
    const none = { bytes: new Uint8Array(0), next: range.from, cutBy: null };
    return this.#duties.readPart(none, (state) => readLines(this.#sql, state, range));
  }

  holdsToAdopt(): HoldsToAdopt {
    return holdsToAdopt(this.#sql);
  }

  holds(): LegalHold[] {
    return findHolds(this.#sql);
  }

  /**
   * Destroys the log of an org that is no more, once its last entry has been kept for so many days, or as many as
   * were promised, by the tick's clock and by this one. False while there is something to keep. What was
   * promised to the oldest entry that is left, no other is promised more.
   */
  async destroy(tickMs: number, daysInForce: number): Promise<boolean> {
    const nowMs = Date.now();
    const promised = daysPromisedTo(this.#sql, readState(this.#sql)?.minIndex ?? 0);
    const keptMs = Math.max(daysInForce, promised) * DAY_MS;
    const expiredBefore = formatTimestamp(Math.min(tickMs, nowMs) - keptMs);
    const isKept = readChainEnd(this.#sql).lastRecordedAt >= expiredBefore;
    if (isKept || this.#isHeld()) return false;
    if (!this.#duties.maySweep(nowMs, true)) return false;
    await this.ctx.storage.deleteAll();
    migrate(this.ctx.storage);
    return true;
  }

  /** Held too is a log whose entries say otherwise of its holds: that is evidence. */
  #isHeld(): boolean {
    return this.#read(false, (state) => isHeld(this.#sql, state)) !== false;
  }

  override alarm(): Promise<void> {
    return this.#duties.ring();
  }

  #appendNow(address: LogAddress, events: readonly AppendedEvent[]): AppendResult {
    return this.#writeOrFreeze(address, (state) => {
      const isFull = !hasRoomFor(this.env, this.#sql.databaseSize, events);
      return appendEvents(this.#sql, state, events, Date.now(), { isFull });
    });
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
      const appended = appendEvents(this.#sql, state, [event], Date.now());
      if (appended.kind === "appended") change();
      return appended;
    });
    this.#writeOrFreeze(address, (state) => beginPruning(this.#sql, state, Date.now()));
    this.#duties.tellSoon();
    return result;
  }

  #write<Result>(address: LogAddress, work: (state: LogState) => Result): Result {
    const origin = logOrigin(originHost(this.env), address);
    const write = () => work(openLog(this.#sql, address, origin));
    const result = this.ctx.storage.transactionSync(write);
    this.#duties.arm();
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
      return { kind: "frozen", reason: this.#duties.freezeFor(error) };
    }
  }

  #read<Result>(none: Result, work: (state: LogState) => Result): Result | ContradictedRead {
    return this.#duties.read(none, work);
  }
}
