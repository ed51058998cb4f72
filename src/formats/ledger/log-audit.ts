/**
 * The verification of an audit log: from the evidence and one entry after the other to a verdict, in
 * constant memory and without input or output. The same for a server, an export pack and files.
 *
 *   const audit = new LogAudit(evidence);
 *   for (const bytes of entries) if (!audit.add(bytes)) break;
 *   const report = audit.finish();
 *
 * The steps, each with a file of its own: whose head it is and who signed it (signed-head.ts); that
 * the entries follow one another (entry-chain.ts) and make the signed root (watched-tree.ts,
 * signed-root.ts); that none is missing (entry-range.ts) but those whose pruning was announced
 * (pruning-check.ts) after their retention (pruning-claim.ts); why the key is to be trusted (key-proof.ts);
 * that it extends what was kept (history.ts); how old it is (freshness.ts).
 */
import { leafHash } from "#formats/tlog/merkle-hash.ts";
import type { AuditState } from "./audit-state.ts";
import { type BadEntry, EntryChain } from "./entry-chain.ts";
import type { LogEvidence } from "./evidence.ts";
import { KeyAnnouncements } from "./key-proof.ts";
import { PruningCheck } from "./pruning-check.ts";
import type { Entry } from "./read-entry.ts";
import { type SignedHead, verifyHead } from "./signed-head.ts";
import { type Finding, hasFailed } from "./verdicts.ts";
import { concludeAudit, type Verification } from "./verification.ts";
import { WatchedTree } from "./watched-tree.ts";

export class LogAudit {
  readonly #evidence: LogEvidence;
  readonly #findings: Finding[];
  readonly #head: SignedHead | null;
  readonly #chain: EntryChain;
  readonly #tree: WatchedTree | null;
  readonly #pruning: PruningCheck;
  readonly #announcements: KeyAnnouncements;
  #bad: BadEntry | null = null;

  constructor(evidence: LogEvidence) {
    this.#evidence = evidence;
    this.#findings = [...findDefects(evidence)];
    this.#head = this.#verifyHead();
    this.#chain = new EntryChain(evidence.fromSeq, this.#head?.org ?? null);
    this.#tree = resumeTree(evidence);
    if (evidence.prefix !== null && this.#tree === null) this.#findings.push(WRONG_PREFIX);
    this.#pruning = new PruningCheck(
      evidence.fromSeq,
      this.#tree?.rootAt(evidence.fromSeq) ?? null,
      evidence.kept,
    );
    this.#announcements = new KeyAnnouncements(evidence.keys);
  }

  /** True once no further entry can change the verdict. */
  get isDecided(): boolean {
    return hasFailed(this.#findings, "INVALID");
  }

  /** Index of the next entry. */
  get end(): number {
    return this.#chain.end;
  }

  /**
   * Takes the bytes of the next entry, which nobody may write into any more. False if no
   * further entry is needed.
   */
  add(bytes: Uint8Array): boolean {
    if (this.isDecided) return false;
    if (this.#isBeyondEnd()) return this.#refuseSurplus(bytes);
    const step = this.#chain.append(bytes);
    if (step.kind === "bad") return this.#refuse(step.bad);
    if (step.kind === "broken") return true;
    this.#tree?.append(leafHash(bytes));
    this.#readOwnEntry(step.seq, step.entry);
    return !this.isDecided;
  }

  /** Says that the entries end here though more should come; the report tells `message` as the reason. */
  interrupt(message: string): void {
    this.#findings.push({
      aspect: "completeness",
      failure: "INCOMPLETE",
      code: "interrupted",
      message: `before entry ${this.end}: ${message}`,
    });
  }

  finish(): Verification {
    const bad = this.isDecided ? null : this.#chain.close();
    if (bad !== null) this.#refuse(bad);
    return concludeAudit(this.#state());
  }

  #verifyHead(): SignedHead | null {
    const { checkpoint } = this.#evidence;
    const head = checkpoint === null ? null : verifyHead(checkpoint, this.#evidence);
    if (head === null || !("failure" in head)) return head;
    this.#findings.push(head);
    return null;
  }

  #readOwnEntry(seq: number, entry: Entry): void {
    this.#announcements.read(seq, entry);
    this.#pruning.read(seq, entry);
    const { contradiction } = this.#pruning;
    if (contradiction !== null) this.#findings.push(contradiction);
  }

  #isBeyondEnd(): boolean {
    const { toSeq } = this.#evidence;
    return toSeq !== null && this.end >= toSeq;
  }

  #refuseSurplus(bytes: Uint8Array): false {
    const message = `entry ${this.end}: there should be none from here on`;
    return this.#refuse({
      firstSeq: this.end,
      lastSeq: this.end,
      code: "surplus_entry",
      message,
      bytes,
    });
  }

  #refuse(bad: BadEntry): false {
    this.#bad = bad;
    const { code, message } = bad;
    this.#findings.push({ aspect: "integrity", failure: "INVALID", code, message });
    return false;
  }

  #state(): AuditState {
    return {
      evidence: this.#evidence,
      head: this.#head,
      chain: this.#chain,
      tree: this.#tree,
      pruning: this.#pruning,
      announcements: this.#announcements,
      findings: this.#findings,
      bad: this.#bad,
    };
  }
}

/** Findings about evidence that is missing and evidence that cannot be read: neither ever passes. */
function findDefects({ missing, damaged }: LogEvidence): Finding[] {
  return [
    ...missing.map((message): Finding => {
      return { aspect: "completeness", failure: "INCOMPLETE", code: "evidence_missing", message };
    }),
    ...damaged.map((message): Finding => {
      return { aspect: "integrity", failure: "INVALID", code: "evidence_malformed", message };
    }),
  ];
}

const WRONG_PREFIX: Finding = {
  aspect: "integrity",
  failure: "INVALID",
  code: "evidence_malformed",
  message: "there are more or fewer prefix hashes than the tree before the first entry has peaks",
};

/**
 * Null if the peaks before the first entry are not known, or not as many as they should be: then the chain
 * is all there is to verify.
 */
function resumeTree({ checkpoint, cutovers, fromSeq, kept, prefix }: LogEvidence) {
  const sizes = [...kept.map((before) => before.checkpoint.size), ...cutovers.keys()];
  const wanted = new Set([...sizes, checkpoint?.checkpoint.size ?? 0]);
  return prefix === null ? null : WatchedTree.resume(fromSeq, prefix, wanted);
}
