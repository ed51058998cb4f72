/**
 * The hash chain: each entry names the SHA-256 of the one before it. Where it breaks, at most one of
 * two entries is to blame, and the entry after them tells which:
 *
 *   498 ── 499   500 ── 501      501 follows 500: 499 was altered, or entries after it are missing
 *   498 ── 499   500   501       501 does not follow 500 either: 500 was altered
 *
 * So the chain reads one entry past a break before it says what is wrong.
 */
import { entryHash, GENESIS_HASH, LEDGER_ACTIONS, textMember } from "./entry.ts";
import { type Entry, readEntry } from "./read-entry.ts";

export interface BadEntry {
  /** The first entry that may be bad, and the last: the same where the evidence tells them apart. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Stable, for machines. */
  readonly code: string;
  readonly message: string;
  /** The bytes of the entry `firstSeq`. */
  readonly bytes: Uint8Array;
}

export type ChainStep =
  | { readonly kind: "linked"; readonly seq: number; readonly entry: Entry }
  /** The entry does not follow the one before; the next call says which of the two is bad. */
  | { readonly kind: "broken" }
  | { readonly kind: "bad"; readonly bad: BadEntry };

interface Link {
  readonly seq: number;
  readonly bytes: Uint8Array;
  readonly hash: string;
  readonly entry: Entry;
}

export class EntryChain {
  readonly #fromSeq: number;
  #org: string | null;
  #first: Link | null = null;
  #last: Link | null = null;
  #broken: Link | null = null;

  /** With `org` null, the chain takes the org of its first entry. */
  constructor(fromSeq: number, org: string | null) {
    this.#fromSeq = fromSeq;
    this.#org = org;
  }

  /** The index of the next entry. */
  get end(): number {
    return this.#last === null ? this.#fromSeq : this.#last.seq + 1;
  }

  get first(): Entry | null {
    return this.#first?.entry ?? null;
  }

  get last(): Entry | null {
    return this.#last?.entry ?? null;
  }

  /** Hex; null before the first entry. */
  get lastHash(): string | null {
    return this.#last?.hash ?? null;
  }

  append(bytes: Uint8Array): ChainStep {
    if (this.#broken !== null) return { kind: "bad", bad: this.#blame(this.#broken, bytes) };
    const seq = this.end;
    const entry = readEntry(bytes);
    if ("fault" in entry) return isBad(seq, bytes, entry.fault, entry.message);
    this.#org ??= entry.org;
    if (entry.org !== this.#org) {
      return isBad(seq, bytes, "wrong_org", `it is of org ${entry.org}, the log of ${this.#org}`);
    }
    if (seq === 0 && entry.previousHash !== GENESIS_HASH) return isNotTheFirst(bytes, entry);
    const link = { seq, bytes, hash: entryHash(bytes), entry };
    if (this.#last !== null && entry.previousHash !== this.#last.hash) {
      this.#broken = link;
      return { kind: "broken" };
    }
    const wrongTime = findWrongTime(entry, this.#last?.entry.recordedAt ?? null);
    if (wrongTime !== null) return isBad(seq, bytes, ...wrongTime);
    this.#first ??= link;
    this.#last = link;
    return { kind: "linked", seq, entry };
  }

  /** What is wrong, if the last entry does not follow the one before it. */
  close(): BadEntry | null {
    return this.#broken === null ? null : this.#blame(this.#broken, null);
  }

  #blame(broken: Link, nextBytes: Uint8Array | null): BadEntry {
    const before = this.#last!;
    const next = nextBytes === null ? null : readEntry(nextBytes);
    const mismatch =
      `entry ${broken.seq} names ${broken.entry.previousHash} as the hash of entry ${before.seq}, ` +
      `which is ${before.hash}`;
    const bad = (first: Link, last: Link, reason: string): BadEntry => ({
      firstSeq: first.seq,
      lastSeq: last.seq,
      code: "previous_hash_mismatch",
      message: `${mismatch}: ${reason}`,
      bytes: first.bytes,
    });
    if (next === null || "fault" in next) {
      return bad(before, broken, "one of them was altered, or entries between them are missing");
    }
    if (next.previousHash !== broken.hash) {
      return bad(broken, broken, `entry ${broken.seq} was altered, or is not at its place`);
    }
    if (broken.entry.previousHash === before.entry.previousHash) {
      return bad(
        before,
        before,
        `entry ${before.seq} was inserted, both name the same predecessor`,
      );
    }
    const reason = `entry ${before.seq} was altered, or entries after it are missing`;
    return bad(before, before, reason);
  }
}

/**
 * Times of record never fall, but where the log says that its clock was ahead, and is corrected: from the time
 * of the entry before to the entry's own. The code and the message; null for a time that is right.
 */
function findWrongTime(entry: Entry, before: string | null): [string, string] | null {
  const { recordedAt, action, details } = entry;
  if (action !== LEDGER_ACTIONS.clockCorrected) {
    if (before === null || recordedAt >= before) return null;
    const message = `its recorded_at ${recordedAt} is before that of the entry before, ${before}`;
    return ["recorded_at_falls", message];
  }
  const [from, to] = ["from", "to"].map((name) => textMember(details ?? {}, name));
  if (to === recordedAt && (before === null || from === before)) return null;
  const message = `it corrects the clock from ${from} to ${to}, but was recorded at ${recordedAt}, after an entry of ${before}`;
  return ["clock_correction_contradicted", message];
}

function isBad(seq: number, bytes: Uint8Array, code: string, message: string): ChainStep {
  const bad = { firstSeq: seq, lastSeq: seq, code, message: `entry ${seq}: ${message}`, bytes };
  return { kind: "bad", bad };
}

function isNotTheFirst(bytes: Uint8Array, { previousHash }: Entry): ChainStep {
  const message = `it names ${previousHash} as the hash of an entry before it: it was altered, or the first entries are missing`;
  return isBad(0, bytes, "not_the_first_entry", message);
}
