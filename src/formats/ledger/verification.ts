/** The end of a verification: what the entries add up to, and the verdicts. */
import type { CanonicalObject } from "#formats/canonical-json.ts";
import { formatVkey } from "#formats/tlog/note-key.ts";
import type { AuditState } from "./audit-state.ts";
import { LEDGER_ACTIONS } from "./entry.ts";
import type { BadEntry } from "./entry-chain.ts";
import { isPart, judgeRange } from "./entry-range.ts";
import type { CheckpointNote } from "./evidence.ts";
import { isFreshnessJudged, judgeFreshness } from "./freshness.ts";
import { judgeHistory } from "./history.ts";
import { judgeTrust } from "./key-proof.ts";
import type { PruningClaim } from "./pruning-check.ts";
import type { SeenEntries } from "./seen-entries.ts";
import { judgeRoot, OPEN } from "./signed-root.ts";
import { type Finding, hasFailed, type Verdicts, verdictsOf } from "./verdicts.ts";

export interface Verification {
  readonly verdicts: Verdicts;
  readonly findings: readonly Finding[];
  readonly bad: BadEntry | null;
  readonly checkpoint: CheckpointNote | null;
  /** The vkeys whose signatures of the head verified; empty if the head did not verify. */
  readonly signers: readonly string[];
  readonly fromSeq: number;
  /** Index after the last entry that was read. */
  readonly end: number;
  readonly firstRecordedAt: string | null;
  readonly lastRecordedAt: string | null;
  /** The hash of the last entry, in hex. */
  readonly headHash: string | null;
  /** The entry by which the log says that it begins at `fromSeq`. */
  readonly pruningAnnouncedBy: number | null;
  /** By what that announcement stands. */
  readonly pruningClaim: PruningClaim | null;
  /** What a later run is to know of the entries that were read. */
  readonly seen: SeenEntries;
  /** What the first entry says of the frozen log that this one succeeds. */
  readonly succeeded: CanonicalObject | null;
  /** True if the entries follow one another, but are not those that were signed. */
  readonly isRewritten: boolean;
}

export function concludeAudit(state: AuditState): Verification {
  const { evidence, head, chain, bad } = state;
  const root = hasFailed(state.findings, "INVALID") ? OPEN : judgeRoot(state);
  const findings = [...state.findings, ...root.findings];
  const isReadable = !hasFailed(findings, "INVALID");
  const early = isReadable ? state.pruning.judge(evidence) : [];
  if (isReadable) findings.push(...judgeRange(state), ...early);
  findings.push(...judgeHead(state, isReadable));
  // Whatever the reason: what is not tied to a signed head is not verified.
  const isExplained = hasFailed(findings, "INVALID") || hasFailed(findings, "INCOMPLETE");
  if (!root.isTied && !isExplained) findings.push(NOT_TIED);
  const { first, last } = chain;
  return {
    verdicts: verdictsOf(findings, {
      isTiedToHead: root.isTied,
      isPart: isPart(state),
      hasKept: evidence.kept.length > 0,
      isFreshnessJudged: isFreshnessJudged(evidence.freshness),
    }),
    findings,
    bad,
    checkpoint: evidence.checkpoint,
    signers: head?.signers.map(formatVkey) ?? [],
    fromSeq: evidence.fromSeq,
    end: chain.end,
    firstRecordedAt: first?.recordedAt ?? null,
    lastRecordedAt: last?.recordedAt ?? null,
    headHash: chain.lastHash,
    pruningAnnouncedBy: state.pruning.announcedBy,
    pruningClaim: state.pruning.claim(early),
    seen: state.pruning.seen,
    succeeded: first?.action === LEDGER_ACTIONS.succeeded ? first.details : null,
    isRewritten: findings.some(({ code }) => code === "root_differs"),
  };
}

/** Findings about the head. Where the entries cannot be relied on, only those that need no entry. */
function judgeHead(state: AuditState, isReadable: boolean): Finding[] {
  const { announcements, chain, evidence, head, tree } = state;
  if (head === null) return [];
  const rootAt = (size: number) => (isReadable ? (tree?.rootAt(size) ?? null) : null);
  const log = { evidence, head, announcements, end: chain.end, rootAt };
  const history = judgeHistory(log);
  if (!isReadable) return history.filter(({ failure }) => failure === "DIVERGED");
  const newest = chain.end >= head.checkpoint.size ? chain.last : null;
  const freshness = judgeFreshness(evidence.freshness, newest?.recordedAt ?? null);
  return [...history, ...freshness, ...judgeTrust(log)];
}

const NOT_TIED: Finding = {
  aspect: "integrity",
  failure: "INCOMPLETE",
  code: "not_tied",
  message: "nothing proves that the entries are those under the checkpoint",
};
