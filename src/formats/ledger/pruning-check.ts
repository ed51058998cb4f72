/**
 * A log that begins later than its first entry has to say so itself: an entry `ledger.pruned`, under
 * the signed head, names the index that the log begins at, the hash of the last entry that is gone and
 * the root of the tree of all that are gone. Else anyone could cut a log off at the front and call it
 * retention.
 *
 * Announcements of other prunings are fine: earlier ones, or one that is not carried out yet.
 */
import { encodeHex } from "#formats/hex.ts";
import { parseDecimal } from "#formats/tlog/decimal.ts";
import { LEDGER_ACTIONS, textMember } from "./entry.ts";
import type { Entry } from "./read-entry.ts";
import type { Finding } from "./verdicts.ts";

export class PruningCheck {
  readonly #fromSeq: number;
  readonly #prefixRoot: string | null;
  #firstPreviousHash: string | null = null;
  #announcedBy: number | null = null;
  #contradiction: Finding | null = null;

  constructor(fromSeq: number, prefixRoot: Uint8Array | null) {
    this.#fromSeq = fromSeq;
    this.#prefixRoot = prefixRoot === null ? null : encodeHex(prefixRoot);
  }

  read(seq: number, { action, details, previousHash }: Entry): void {
    this.#firstPreviousHash ??= previousHash;
    if (action !== LEDGER_ACTIONS.pruned || details === null) return;
    if (parseDecimal(textMember(details, "to") ?? "") !== this.#fromSeq) return;
    const lastHash = textMember(details, "last_hash");
    const treeRoot = textMember(details, "tree_root");
    this.#compare(seq, "last_hash", lastHash, this.#firstPreviousHash);
    if (this.#prefixRoot !== null) this.#compare(seq, "tree_root", treeRoot, this.#prefixRoot);
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
    this.#contradiction ??= {
      aspect: "integrity",
      failure: "INVALID",
      code: "pruning_contradicted",
      message: `entry ${seq} announces that the first ${this.#fromSeq} entries are pruned, with ${name} ${announced}, but it is ${found}`,
    };
  }
}
