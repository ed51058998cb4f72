/** What readers get of a log: nothing that it did not prove itself first. Each reads its state anew. */

import { DurableObject } from "cloudflare:workers";
import type { LegalHold, LogEntry, LogStatus } from "#audit/audit-log.ts";
import type { AuditFilter } from "#audit/entry-filter.ts";
import { readChainEnd } from "#audit/ledger/proven/chain-end.ts";
import { type ContradictedRead, isContradicted } from "#audit/ledger/proven/contradiction.ts";
import { type LogState, readState } from "#audit/ledger/proven/log-state.ts";
import type { TilePath } from "#formats/tlog/tlog-tiles.ts";
import type { Env } from "#platform/env.ts";
import { type ExportAnswer, type ExportRange, planExport } from "./export-range.ts";
import { type HoldsToAdopt, holdsToAdopt } from "./holds-to-adopt.ts";
import { LedgerDuties } from "./ledger-duties.ts";
import { readStatus } from "./log-status.ts";
import { findHolds } from "./pruning.ts";
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

export class LedgerReads extends DurableObject<Env> {
  protected readonly sql: SqlStorage;
  protected readonly duties: LedgerDuties;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.sql = ctx.storage.sql;
    migrate(ctx.storage);
    this.duties = new LedgerDuties(ctx.storage, () => this.env);
  }

  /** What an export would hold, without an entry that records it: the log may be closed. */
  planExport(range: ExportRange): ExportAnswer | null | ContradictedRead {
    return this.read(null, (state) => planExport(this.sql, state, range));
  }

  /** Always answers: of a log that contradicts itself it says so. */
  status(): LogStatus | null {
    const end = this.read(null, () => readChainEnd(this.sql));
    const state = readState(this.sql);
    if (state === null) return null;
    return readStatus(this.sql, state, isContradicted(end) ? null : end, Date.now());
  }

  search(filter: AuditFilter, page: PageBounds): EntryPage | ContradictedRead {
    const none = { entries: [], end: null, cutBy: null };
    return this.duties.readPart(none, (state) => searchEntries(this.sql, state, filter, page));
  }

  entry(seq: number): LogEntry | "pruned" | null | ContradictedRead {
    return this.read<LogEntry | "pruned" | null>(null, (state) =>
      seq < state.minIndex ? "pruned" : findEntry(this.sql, state, seq),
    );
  }

  proof(seq: number): ProofAnswer | ContradictedRead {
    return this.read(NOT_THERE, (state) => proveEntry(this.sql, state, seq));
  }

  consistency(oldSize: number, newSize: number): Uint8Array[] | null | ContradictedRead {
    return this.read(null, (state) => proveConsistency(this.sql, state, oldSize, newSize));
  }

  tile(path: TilePath): TileAnswer | ContradictedRead {
    return this.read(NOT_THERE, (state) => readTile(this.sql, state, path));
  }

  lines(range: LineRange): EntryLines | ContradictedRead {
    const none = { bytes: new Uint8Array(0), next: range.from, cutBy: null };
    return this.duties.readPart(none, (state) => readLines(this.sql, state, range));
  }

  holdsToAdopt(): HoldsToAdopt {
    return holdsToAdopt(this.sql);
  }

  holds(): LegalHold[] {
    return findHolds(this.sql);
  }

  protected read<Result>(
    none: Result,
    work: (state: LogState) => Result,
  ): Result | ContradictedRead {
    return this.duties.read(none, work);
  }
}
