/**
 * What a verifier remembers of the entries that it has read, so that the next run knows when those that are gone
 * by then were recorded and how long they had been promised to stay: the log alone can't be asked any more.
 */
import { parseTimestampMs } from "#formats/rfc3339.ts";
import type { Entry } from "./read-entry.ts";
import { promisedDays, type RetentionChange, retentionChangeOf } from "./retention-change.ts";

/** Entries from `fromSeq` to the next range are promised so many days. Days fall from range to range. */
export interface PromisedRange {
  readonly fromSeq: number;
  readonly days: number;
}

export interface SeenTime {
  readonly seq: number;
  readonly recordedAt: string;
}

export interface SeenEntries {
  /** Where the log began. */
  readonly fromSeq: number;
  /** Of some of the entries, in order. */
  readonly times: readonly SeenTime[];
  readonly promises: readonly PromisedRange[];
}

/**
 * Times that are remembered: of each entry of a short log, of each 256th, by which prunings end, of one with
 * 1,000,000. Some 150 KB.
 */
const TIMES_MAX = 4_096;
/** Tiers have 4 retentions; of a log with more, what is promised is remembered as less. */
const RANGES_MAX = 64;

export class EntryMemory {
  readonly #fromSeq: number;
  #promises: PromisedRange[];
  #times: SeenTime[] = [];
  #every = 1;

  /**
   * `promises` are what an earlier run remembered. The entries that are left tell of some of them again, which
   * changes nothing: what holds behind a change depends on that and on later ones alone.
   */
  constructor(fromSeq: number, promises: readonly PromisedRange[]) {
    this.#fromSeq = fromSeq;
    this.#promises = [...promises];
  }

  read(seq: number, { action, details, recordedAt }: Entry): void {
    const change = retentionChangeOf(action, details);
    if (change !== null) this.#promises = promisesAfter(this.#promises, seq, change);
    if ((seq + 1) % this.#every !== 0) return;
    this.#times.push({ seq, recordedAt });
    if (this.#times.length <= TIMES_MAX) return;
    this.#every *= 2;
    this.#times = this.#times.filter((time) => (time.seq + 1) % this.#every === 0);
  }

  get seen(): SeenEntries {
    return { fromSeq: this.#fromSeq, times: this.#times, promises: this.#promises };
  }
}

/** As the ledger itself reckons: a raise holds for all that is there, a reduction for what comes after. */
function promisesAfter(
  before: readonly PromisedRange[],
  seq: number,
  change: RetentionChange,
): PromisedRange[] {
  const days = promisedDays(change);
  const higher = before.filter((range) => range.days > days);
  const raisedFrom = before[higher.length]?.fromSeq ?? (before.length === 0 ? 0 : null);
  const all = raisedFrom === null ? higher : [...higher, { fromSeq: raisedFrom, days }];
  // What is remembered of entries behind this one is of changes that are about to be told again.
  const raised = all.filter((range) => range.fromSeq <= seq);
  const lowest = raised.at(-1)?.days ?? 0;
  const after =
    change.toDays < lowest ? [...raised, { fromSeq: seq + 1, days: change.toDays }] : raised;
  if (after.length <= RANGES_MAX) return after;
  const [first, second, ...rest] = after;
  return [{ fromSeq: first!.fromSeq, days: second!.days }, ...rest];
}

/** 0 where nothing was promised to the entry, as far as it was read. */
export function daysPromisedBy(promises: readonly PromisedRange[], seq: number): number {
  return promises.findLast(({ fromSeq }) => fromSeq <= seq)?.days ?? 0;
}

/** Entries with the time and the promise that each had. */
export function seenWithPromises({ times, promises }: SeenEntries) {
  return times.flatMap(({ seq, recordedAt }) => {
    const recordedAtMs = parseTimestampMs(recordedAt);
    const days = daysPromisedBy(promises, seq);
    return recordedAtMs === undefined ? [] : [{ seq, recordedAtMs, promisedDays: days }];
  });
}
