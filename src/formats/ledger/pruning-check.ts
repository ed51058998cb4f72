/**
 * A log that begins later than its first entry has to say so itself: an entry `ledger.pruned`, under
 * the signed head, names the index that the log begins at, the hash of the last entry that is gone and
 * the root of the tree of all that are gone. Else anyone could cut a log off at the front and call it
 * retention. That their retention had ended is looked into by pruning-claim.ts.
 *
 * Announcements of other prunings are fine: earlier ones, or one that is not carried out yet.
 *
 * It also names the days that all of those were kept. What the log promised in an entry before the
 * announcement and behind the pruned ones was promised to them too, so it must not name fewer.
 */
import { encodeHex } from "#formats/hex.ts";
import { parseTimestampMs } from "#formats/rfc3339.ts";
import { LEDGER_ACTIONS, textMember } from "./entry.ts";
import type { KeptCheckpoint, LogEvidence } from "./evidence.ts";
import {
  type ClockFall,
  contradictionOf,
  isBorneOut,
  type PruningAnnouncement,
  type PruningEvidence,
  readAnnouncement,
  type SeenEntry,
} from "./pruning-claim.ts";
import type { Entry } from "./read-entry.ts";
import { promisedDays, retentionChangeOf } from "./retention-change.ts";
import { daysPromisedBy, EntryMemory, type SeenEntries, seenWithPromises } from "./seen-entries.ts";
import type { Finding } from "./verdicts.ts";

/**
 * A verification is done in constant memory, whatever a log says of itself. An honest one has an announcement
 * a day that is not pruned itself, and hardly ever a correction.
 */
const KEPT_MAX = 4_096;

/** As many as a reader can act on. */
const FINDINGS_MAX = 8;

/** By what the announcement of the log's beginning stands. */
export interface PruningClaim {
  readonly retentionDays: number | null;
  readonly standing: "borne_out" | "operators_word" | "contradicted";
}

export class PruningCheck {
  readonly #fromSeq: number;
  readonly #prefixRoot: string | null;
  #first: Entry | null = null;
  /** Of prunings that were carried out, each from where the one before it ended, or later. */
  readonly #announcements: PruningAnnouncement[] = [];
  readonly #corrections: ClockFall[] = [];
  #contradiction: Finding | null = null;
  #promisedDays = 0;
  readonly #memory: EntryMemory;

  constructor(
    fromSeq: number,
    prefixRoot: Uint8Array | null,
    kept: readonly KeptCheckpoint[] = [],
  ) {
    this.#fromSeq = fromSeq;
    this.#prefixRoot = prefixRoot === null ? null : encodeHex(prefixRoot);
    this.#memory = new EntryMemory(
      fromSeq,
      kept.find(({ seen }) => seen !== null)?.seen?.promises ?? [],
    );
  }

  read(seq: number, entry: Entry): void {
    this.#first ??= entry;
    this.#memory.read(seq, entry);
    const change = retentionChangeOf(entry.action, entry.details);
    if (change !== null) this.#promisedDays = Math.max(this.#promisedDays, promisedDays(change));
    if (entry.action === LEDGER_ACTIONS.clockCorrected) this.#correct(seq, entry);
    if (entry.action === LEDGER_ACTIONS.pruned) this.#announce(seq, entry);
  }

  /** Index of the entry by which the log says that it begins at `fromSeq`. */
  get announcedBy(): number | null {
    return this.#beginning?.seq ?? null;
  }

  /** For the next run to remember. */
  get seen(): SeenEntries {
    return this.#memory.seen;
  }

  get contradiction(): Finding | null {
    return this.#contradiction;
  }

  /** The prunings that were carried out and cannot be what they say. Called after the last entry. */
  judge({
    freshness,
    kept,
    retentionDaysMin,
  }: Pick<LogEvidence, "freshness" | "kept" | "retentionDaysMin">): Finding[] {
    const evidence: PruningEvidence = {
      fromSeq: this.#fromSeq,
      nowMs: freshness.nowMs,
      corrections: this.#corrections,
      seen: kept.flatMap(seenIn).sort((a, b) => a.seq - b.seq),
      retentionDaysMin,
      daysPromisedTo: (seq) => Math.max(0, ...kept.map((before) => promiseIn(before, seq))),
    };
    const findings = this.#announcements.flatMap((claim) => contradictionOf(claim, evidence) ?? []);
    return findings.slice(0, FINDINGS_MAX);
  }

  /** Null where the log begins at its first entry, or does not say why it does not. */
  claim(findings: readonly Finding[]): PruningClaim | null {
    const claim = this.#beginning;
    const first = this.#first;
    if (claim === null || first === null) return null;
    const { retentionDays } = claim;
    if (findings.length > 0) return { retentionDays, standing: "contradicted" };
    const left = {
      recordedAtMs: parseTimestampMs(first.recordedAt) ?? 0,
      isCorrection: first.action === LEDGER_ACTIONS.clockCorrected,
    };
    // How long they were to be kept stands in an entry that may be gone with them: then it is said, not shown.
    const isPromiseRead = this.#promisedDays > 0;
    const isShown = isPromiseRead && isBorneOut(claim, left, this.#corrections);
    return { retentionDays, standing: isShown ? "borne_out" : "operators_word" };
  }

  get #beginning(): PruningAnnouncement | null {
    const last = this.#announcements.at(-1);
    return last?.to === this.#fromSeq ? last : null;
  }

  #correct(seq: number, { recordedAt }: Entry): void {
    if (this.#corrections.length === KEPT_MAX) return;
    this.#corrections.push({ seq, recordedAtMs: parseTimestampMs(recordedAt) ?? 0 });
  }

  #announce(seq: number, { details, recordedAt }: Entry): void {
    const announced = details === null ? null : readAnnouncement(seq, details, recordedAt);
    if (details === null || announced === null) return;
    // What begins where an earlier one did not end yet says that this was never carried out.
    while ((this.#announcements.at(-1)?.to ?? 0) > announced.from) this.#announcements.pop();
    if (announced.to > this.#fromSeq) return;
    if (this.#announcements.length === KEPT_MAX) this.#announcements.shift();
    this.#announcements.push(announced);
    if (announced.to !== this.#fromSeq) return;
    this.#compareBeginning(seq, details);
    const keptDays = announced.retentionDays ?? 0;
    if (keptDays < this.#promisedDays) this.#contradict(this.#brokenPromise(seq, keptDays));
  }

  #compareBeginning(seq: number, details: NonNullable<Entry["details"]>): void {
    const { previousHash, recordedAt, action } = this.#first!;
    this.#compare(seq, "last_hash", textMember(details, "last_hash"), previousHash);
    if (this.#prefixRoot !== null) {
      this.#compare(seq, "tree_root", textMember(details, "tree_root"), this.#prefixRoot);
    }
    const lastAt = textMember(details, "last_recorded_at");
    // Times of record fall nowhere but at a correction.
    const isAfter = lastAt !== null && lastAt > recordedAt;
    if (isAfter && action !== LEDGER_ACTIONS.clockCorrected) {
      this.#compare(seq, "last_recorded_at", lastAt, `no later than ${recordedAt}`);
    }
  }

  #compare(seq: number, name: string, announced: string | null, found: string): void {
    if (announced === found) return;
    const said = `with ${name} ${announced}, but it is ${found}`;
    this.#contradict(
      `entry ${seq} announces that the first ${this.#fromSeq} entries are pruned, ${said}`,
    );
  }

  #brokenPromise(seq: number, keptDays: number): string {
    const promise = `though ${this.#promisedDays} were promised to them`;
    return `entry ${seq} announces that the first ${this.#fromSeq} entries are pruned after ${keptDays} days, ${promise}`;
  }

  #contradict(message: string): void {
    const code = "pruning_contradicted";
    this.#contradiction ??= { aspect: "integrity", failure: "INVALID", code, message };
  }
}

function seenIn(before: KeptCheckpoint): SeenEntry[] {
  const { checkpoint, newestRecordedAt, seen } = before;
  const seq = checkpoint.size - 1;
  const recordedAtMs = parseTimestampMs(newestRecordedAt ?? "");
  const newest =
    recordedAtMs === undefined ? [] : [{ seq, recordedAtMs, promisedDays: promiseIn(before, seq) }];
  return [...(seen === null ? [] : seenWithPromises(seen)), ...newest];
}

/** What is known to be promised to an entry that was there when the verifier last looked. */
function promiseIn({ checkpoint, seen }: KeptCheckpoint, seq: number): number {
  if (seen === null || seq < seen.fromSeq || seq >= checkpoint.size) return 0;
  return daysPromisedBy(seen.promises, seq);
}
