/**
 * Whose head it is: signed by one of this log's keys, by the key that this browser kept or one that follows it,
 * and of a tree that extends the head that this browser kept. The judgements are those of `formats/ledger`,
 * which `verify` makes too.
 */
import {
  type CheckpointNote,
  type LogEvidence,
  parseHashLines,
  RETENTION_DAYS_MIN,
} from "#formats/ledger/evidence.ts";
import { judgeHistory } from "#formats/ledger/history.ts";
import { judgeTrust, type KeyAnnouncements } from "#formats/ledger/key-proof.ts";
import { type SignedHead, verifyHead } from "#formats/ledger/signed-head.ts";
import type { Finding } from "#formats/ledger/verdicts.ts";
import { formatVkey } from "#formats/tlog/note-key.ts";
import type { ReadPin } from "./pinned-log.ts";
import type { ProofQuestion } from "./proof-question.ts";
import { failed, type ProofCheck, passed, undecided, untested } from "./proof-report.ts";

/** Ends the origin of every log of that number of the org, on whichever host. */
export function originEnd(org: string, log: number): string {
  return `/v1/orgs/${org}/audit/${log === 1 ? "log" : `log-${log}`}`;
}

export interface HeadQuestion {
  readonly head: CheckpointNote;
  readonly pin: ReadPin | null;
  readonly question: ProofQuestion;
  readonly evidence: LogEvidence;
}

/** Evidence about a head alone: no entry is read but those that are proven one by one. */
export function headEvidence(
  parts: Pick<LogEvidence, "keys" | "cutovers" | "earlierProofs" | "kept"> & {
    head: CheckpointNote;
    pin: ReadPin | null;
    nowMs: number;
    unsigned: { readonly count: number; readonly oldestAt: string | null };
  },
): LogEvidence {
  const { head, pin, nowMs, unsigned, ...rest } = parts;
  return {
    ...rest,
    missing: [],
    damaged: [],
    checkpoint: head,
    // By the list too, so that a head of the next key is no stranger's; whether it follows is `judgeKey`'s.
    pinned: pin?.key ?? null,
    origin: pin?.head.checkpoint.origin ?? null,
    fromSeq: 0,
    toSeq: null,
    minimumIndex: 0,
    prefix: null,
    consistency: null,
    freshness: { nowMs, maxAgeMinutes: null, unsigned },
    retentionDaysMin: RETENTION_DAYS_MIN,
    isPartAccepted: true,
  };
}

export function judgeSignature({ head, question, evidence }: HeadQuestion): {
  check: ProofCheck;
  signed: SignedHead | null;
} {
  const { origin, size } = head.checkpoint;
  const end = originEnd(question.org, question.log);
  if (!origin.endsWith(end)) {
    const told = `The head is of the log ${origin}, which was not asked for.`;
    return { check: failed("signature", told), signed: null };
  }
  const verdict = verifyHead(head, evidence);
  if ("failure" in verdict) {
    const told = sentence(verdict.message);
    const check = verdict.failure === "INVALID" ? failed : undecided;
    return { check: check("signature", told), signed: null };
  }
  const keys = verdict.signers.length === 1 ? "The log's key" : "The log's keys";
  return {
    check: passed("signature", `${keys} signed that head of ${size} entries (Ed25519).`),
    signed: verdict,
  };
}

export function judgeKept({ pin, evidence, question }: HeadQuestion, head: SignedHead): ProofCheck {
  if (pin === null) {
    const told =
      "This browser has seen no head of this log before: from now on it holds the log to this one.";
    return untested("history", told);
  }
  const [finding] = judgeHistory({ evidence, head, rootAt: () => null });
  const { size } = pin.head.checkpoint;
  if (finding === undefined) {
    const kept = `the head of ${size} entries that this browser kept`;
    return passed("history", `The log extends ${kept}${sinceText(pin.seenAt)}.`);
  }
  const isOpen = finding.failure === "INCOMPLETE" && question.consistency === null;
  return (isOpen ? undecided : failed)("history", sentence(finding.message));
}

/** `announcements` has those entries alone that are proven to be under the head. */
export function judgeKey(
  { pin, evidence }: HeadQuestion,
  head: SignedHead,
  announcements: KeyAnnouncements,
): ProofCheck {
  if (pin === null) {
    const told =
      "No key was kept before. Whose it is, only a comparison with one that you have from elsewhere tells.";
    return untested("key", told);
  }
  const findings = judgeTrust({ evidence, head, announcements, end: 0, rootAt: () => null });
  const worst = worstOf(findings);
  if (worst === undefined) return passed("key", keptKeyText(pin, head));
  return (worst.failure === "INVALID" ? failed : undecided)("key", sentence(worst.message));
}

export function parseProofLines(text: string | null): readonly Uint8Array[] | null {
  return text === null ? null : parseHashLines(text);
}

function worstOf(findings: readonly Finding[]): Finding | undefined {
  return findings.find(({ failure }) => failure === "INVALID") ?? findings[0];
}

function keptKeyText(pin: ReadPin, { signers }: SignedHead): string {
  const isSame = signers.some((key) => formatVkey(key) === pin.vkey);
  const compared = pin.isCompared ? "that you compared" : "that this browser kept";
  if (isSame) return `It is the key ${compared}${sinceText(pin.seenAt)}.`;
  return `The key ${compared} announced this one in the log, and both signed the head between.`;
}

function sinceText(seenAt: string): string {
  return seenAt === "" ? "" : ` (${seenAt})`;
}

/** Findings are written as parts of a line. */
export function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}
