/**
 * A log that begins later than its first entry has to say so itself: an entry `ledger.pruned`, under
 * the signed head, names the index that the log begins at, the hash of the last entry that is gone and
 * the root of the tree of all that are gone. Else anyone could cut a log off at the front and call it
 * retention.
 *
 * Announcements of other prunings are fine: earlier ones, or one that is not carried out yet.
 *
 * It also names the days that all of those were kept. What the log promised in an entry before the
 * announcement and behind the pruned ones was promised to them too, so it must not name fewer.
 */
import { encodeHex } from "#formats/hex.ts";
import { parseDecimal } from "#formats/tlog/decimal.ts";
import { LEDGER_ACTIONS, textMember } from "./entry.ts";
import type { Entry } from "./read-entry.ts";
import { promisedDays, retentionChangeOf } from "./retention-change.ts";
import type { Finding } from "./verdicts.ts";

export class PruningCheck {
  readonly #fromSeq: number;
  readonly #prefixRoot: string | null;
  #firstPreviousHash: string | null = null;
  #announcedBy: number | null = null;
  #contradiction: Finding | null = null;
  #promisedDays = 0;

  constructor(fromSeq: number, prefixRoot: Uint8Array | null) {
    this.#fromSeq = fromSeq;
    this.#prefixRoot = prefixRoot === null ? null : encodeHex(prefixRoot);
  }

  read(seq: number, { action, details, previousHash }: Entry): void {
    this.#firstPreviousHash ??= previousHash;
    const change = retentionChangeOf(action, details);
    if (change !== null) this.#promisedDays = Math.max(this.#promisedDays, promisedDays(change));
    if (action !== LEDGER_ACTIONS.pruned || details === null) return;
    if (parseDecimal(textMember(details, "to") ?? "") !== this.#fromSeq) return;
    const lastHash = textMember(details, "last_hash");
    const treeRoot = textMember(details, "tree_root");
    this.#compare(seq, "last_hash", lastHash, this.#firstPreviousHash);
    if (this.#prefixRoot !== null) this.#compare(seq, "tree_root", treeRoot, this.#prefixRoot);
    const keptDays = parseDecimal(textMember(details, "retention_days") ?? "") ?? 0;
    if (keptDays < this.#promisedDays) this.#contradict(this.#brokenPromise(seq, keptDays));
    this.#announcedBy ??= seq;
  }

  /** Index of the entry by which the log says that it begins at `fromSeq`. */
  get announcedBy(): number | null {
    return this.#announcedBy;
  }

  get contradiction(): Finding | null {
    return this.#contradiction;
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
