/**
 * The Durable Object of one log: a chain and a Merkle tree over the same entries, in SQLite. It
 * appends, shows its head to the signer, answers readers. It never signs: the keys are not here, and
 * what was signed is remembered outside as well, so that a ledger set back to an older state is found.
 *
 * Each method reads its state anew and writes in one synchronous step: memory holds no figure.
 */

import { DurableObject } from "cloudflare:workers";
import { type AuditEvent, EVENT_ID_DAYS_MIN } from "#audit/audit-event.ts";
import {
  type AppendResult,
  type ClosedLog,
  type LegalHold,
  type LogAddress,
  type LogEntry,
  type LogStatus,
  logOrigin,
} from "#audit/audit-log.ts";
import type { AuditFilter } from "#audit/entry-filter.ts";
import { tellTreeSize } from "#audit/store/audit-logs.ts";
import { formatTimestamp, parseTimestampMs } from "#formats/rfc3339.ts";
import type { TilePath } from "#formats/tlog/tlog-tiles.ts";
import type { Env } from "#platform/env.ts";
import { logError } from "#platform/log-error.ts";
import { originHost } from "#platform/settings.ts";
import { shardDatabase } from "#platform/shards.ts";
import { LOOK_MS } from "#platform/steady-clock.ts";
import { DAY_MS } from "#platform/time.ts";
import { appendEvents } from "./append.ts";
import { AppendQueue } from "./append-queue.ts";
import { type CorrectionAnswer, recordCorrection } from "./clock-correction.ts";
import { type ExportAnswer, type ExportRange, planExport, recordedRange } from "./export-range.ts";
import {
  freeze,
  type HeadAnswer,
  headSince,
  type LastSigned,
  type PublishAnswer,
  publish,
} from "./head.ts";
import { LedgerAlarm } from "./ledger-alarm.ts";
import { isDeletionAwaited, maySweep } from "./ledger-clock.ts";
import { type LogState, openLog, readChainEnd, readState } from "./log-state.ts";
import { readStatus } from "./log-status.ts";
import {
  announcePruning,
  beginPruning,
  countActiveHolds,
  deletePruned,
  findHolds,
  insertHold,
  isReleasable,
  markReleased,
  type PruneAnswer,
  type RetentionTerms,
} from "./pruning.ts";
import {
  type ProofAnswer,
  proveConsistency,
  proveEntry,
  readLines,
  readTile,
  type TileAnswer,
} from "./published.ts";
import { oldestEntry } from "./recorded-times.ts";
import { daysPromisedTo } from "./retention-ranges.ts";
import { migrate } from "./schema.ts";
import { type EntryPage, findEntry, type PageBounds, searchEntries } from "./search.ts";

/**
 * D1 is told of the first unsigned entry soon, so that the next tick signs it; of the rest of a burst at
 * leisure.
 */
const TELL_AFTER_MS = { first: 1_000, next: 15_000, failure: 30_000 };

export class Ledger extends DurableObject<Env> {
  readonly #sql: SqlStorage;
  readonly #queue: AppendQueue;
  readonly #alarm: LedgerAlarm;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#alarm = new LedgerAlarm(ctx.storage);
    migrate(ctx.storage);
    this.#queue = new AppendQueue((address, events) => this.#appendNow(address, events));
    // An alarm that was lost would leave entries unsigned unseen: whoever wakes the object mends it.
    void ctx.blockConcurrencyWhile(async () => {
      await this.#alarm.load();
      this.#tellLater();
    });
  }

  append(address: LogAddress, events: readonly AuditEvent[]): Promise<AppendResult> {
    return this.#queue.append(address, events);
  }

  /** Fails once MCPG_ORIGIN has changed: a head signed in the new name could never be published. */
  headSince(address: LogAddress, signed: LastSigned): HeadAnswer {
    const origin = logOrigin(originHost(this.env), address);
    return this.#write(address, (state) => {
      if (state.origin !== origin) throw new Error(`ledger: its origin is ${state.origin}`);
      return headSince(this.#sql, state, signed, Date.now());
    });
  }

  publish(address: LogAddress, checkpoint: string): PublishAnswer {
    const answer = this.#write(address, (state) =>
      publish(this.#sql, state, checkpoint, Date.now()),
    );
    this.#write(address, (state) => beginPruning(this.#sql, state, Date.now()));
    if (this.#hasPruned()) this.#alarm.setIn(0);
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
    const answer = this.#write(address, (state) =>
      announcePruning(this.#sql, state, terms, eventId, Date.now()),
    );
    if (answer === "clock_unsettled") this.#alarm.setIn(LOOK_MS);
    return answer;
  }

  /** `isNeeded`: the clock is corrected elsewhere too, which is to be on the record. Idempotent. */
  correctClock(address: LogAddress, event: AuditEvent, isNeeded: boolean): CorrectionAnswer {
    return this.#write(address, (state) =>
      recordCorrection(this.#sql, state, event, { nowMs: Date.now(), isNeeded }),
    );
  }

  placeHold(address: LogAddress, event: AuditEvent, hold: LegalHold): AppendResult {
    return this.#appendWith(address, event, () => insertHold(this.#sql, hold));
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
    return this.#write(address, (state) => {
      const planned = planExport(this.#sql, state, recordedRange(this.#sql, event.event_id, range));
      if (planned.kind !== "export") return planned;
      const { from, to } = planned;
      const details = { ...event.details, from_seq: String(from), to_seq: String(to) };
      const result = appendEvents(this.#sql, state, [{ ...event, details }], Date.now());
      return result.kind === "appended" ? planned : result;
    });
  }

  /** What an export would hold, without an entry that records it: the log may be closed. */
  planExport(range: ExportRange): ExportAnswer | null {
    const state = readState(this.#sql);
    return state === null ? null : planExport(this.#sql, state, range);
  }

  status(): LogStatus | null {
    const state = readState(this.#sql);
    return state === null ? null : readStatus(this.#sql, state, Date.now());
  }

  search(filter: AuditFilter, page: Omit<PageBounds, "minIndex">): EntryPage {
    const minIndex = readState(this.#sql)?.minIndex ?? 0;
    return searchEntries(this.#sql, filter, { ...page, minIndex });
  }

  entry(seq: number): LogEntry | "pruned" | null {
    if (seq < (readState(this.#sql)?.minIndex ?? 0)) return "pruned";
    return findEntry(this.#sql, seq);
  }

  proof(seq: number): ProofAnswer {
    const state = readState(this.#sql);
    return state === null ? { kind: "not_there" } : proveEntry(this.#sql, state, seq);
  }

  consistency(oldSize: number, newSize: number): Uint8Array[] | null {
    const state = readState(this.#sql);
    return state === null ? null : proveConsistency(this.#sql, state, oldSize, newSize);
  }

  tile(path: TilePath): TileAnswer {
    const state = readState(this.#sql);
    return state === null ? { kind: "not_there" } : readTile(this.#sql, state, path);
  }

  lines(range: { from: number; to: number; bytesMax: number }) {
    return readLines(this.#sql, range);
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
    if (isKept || countActiveHolds(this.#sql) > 0) return false;
    if (!this.#maySweep(nowMs, true)) return false;
    await this.ctx.storage.deleteAll();
    migrate(this.ctx.storage);
    return true;
  }

  override async alarm(): Promise<void> {
    this.#alarm.begin();
    try {
      const nowMs = Date.now();
      const keptSinceMs = nowMs - EVENT_ID_DAYS_MIN * DAY_MS;
      // Ids are forgotten by the clock, and so kept while it is not to be trusted.
      const idsKeptSince = this.#maySweep(nowMs, false) ? formatTimestamp(keptSinceMs) : "";
      const isPruned = this.ctx.storage.transactionSync(() =>
        deletePruned(this.#sql, idsKeptSince),
      );
      if (!isPruned) return this.#alarm.setIn(0);
      await this.#tell();
    } catch (error) {
      // An alarm that fails six times is dropped: this one never fails, it comes again.
      logError(error, { job: "ledger alarm" });
      this.#alarm.setIn(TELL_AFTER_MS.failure);
    }
  }

  #appendNow(address: LogAddress, events: readonly AuditEvent[]): AppendResult {
    return this.#write(address, (state) => appendEvents(this.#sql, state, events, Date.now()));
  }

  /** Writes the event and the change that it tells of, or neither. */
  #appendWith(address: LogAddress, event: AuditEvent, change: () => void): AppendResult {
    const result = this.#write(address, (state) => {
      const appended = appendEvents(this.#sql, state, [event], Date.now());
      if (appended.kind === "appended") change();
      return appended;
    });
    this.#write(address, (state) => beginPruning(this.#sql, state, Date.now()));
    this.#alarm.setIn(TELL_AFTER_MS.first);
    return result;
  }

  #write<Result>(address: LogAddress, work: (state: LogState) => Result): Result {
    const origin = logOrigin(originHost(this.env), address);
    const write = () => work(openLog(this.#sql, address, origin));
    const result = this.ctx.storage.transactionSync(write);
    this.#tellLater();
    return result;
  }

  /** Looks at the clock. While something waits for that to settle, alarms have it looked at again. */
  #maySweep(nowMs: number, isAsked: boolean): boolean {
    const isAllowed = this.ctx.storage.transactionSync(() => maySweep(this.#sql, nowMs, isAsked));
    if (isDeletionAwaited(this.#sql)) this.#alarm.setIn(LOOK_MS);
    return isAllowed;
  }

  /** Called in the turn of the write that it follows, so that both are one commit. */
  #tellLater(): void {
    if (this.#alarm.isSetWithin(TELL_AFTER_MS.failure)) return;
    const state = readState(this.#sql);
    if (state === null) return;
    if (readChainEnd(this.#sql).size <= state.toldSize && !this.#hasPruned()) return;
    const isFirst = state.toldSize === state.publishedSize;
    this.#alarm.setIn(isFirst ? TELL_AFTER_MS.first : TELL_AFTER_MS.next);
  }

  #hasPruned(): boolean {
    const query = `SELECT EXISTS (SELECT 1 FROM entries
      WHERE seq < (SELECT min_index FROM log)) AS found`;
    return this.#sql.exec<{ found: number }>(query).one().found === 1;
  }

  async #tell(): Promise<void> {
    const state = readState(this.#sql);
    if (state === null) return;
    const { org, number: log, frozenReason } = state;
    const { size: treeSize } = readChainEnd(this.#sql);
    const oldest = oldestEntry(this.#sql);
    const oldestAtMs = oldest === null ? null : (parseTimestampMs(oldest.latestAt) ?? null);
    const keptDays = oldest === null ? 0 : daysPromisedTo(this.#sql, oldest.seq);
    const db = shardDatabase(this.env, state.shard);
    const { databaseSize: bytes } = this.#sql;
    const told = { org, log, treeSize, oldestAtMs, keptDays, frozenReason, bytes };
    const knownFrozen = await tellTreeSize(db, told, Date.now());
    this.#sql.exec("UPDATE log SET told_size = max(told_size, ?)", treeSize);
    if (knownFrozen !== null) freeze(this.#sql, Date.now(), knownFrozen);
    this.#tellLater();
  }
}
