/**
 * An entry's proof, from the texts that came to what can be said of it. Integrity, freshness and whose log it is
 * are kept apart; what a pass does not show is for the page to say beside it.
 */
import { encodeBase64 } from "#formats/base64.ts";
import { entryHash } from "#formats/ledger/entry.ts";
import {
  type KeptCheckpoint,
  type ListedKey,
  parseCheckpointNote,
  parseKeyList,
} from "#formats/ledger/evidence.ts";
import { judgeFreshness } from "#formats/ledger/freshness.ts";
import { KeyAnnouncements } from "#formats/ledger/key-proof.ts";
import { readEntry } from "#formats/ledger/read-entry.ts";
import type { SignedHead } from "#formats/ledger/signed-head.ts";
import { parseTimestampMs } from "#formats/rfc3339.ts";
import { isSameHash } from "#formats/tlog/merkle-hash.ts";
import { formatVkey } from "#formats/tlog/note-key.ts";
import { bytesOf, judgeBytes, judgeChain } from "./judge-chain.ts";
import {
  type HeadQuestion,
  headEvidence,
  judgeKept,
  judgeKey,
  judgeSignature,
  parseProofLines,
  sentence,
} from "./judge-head.ts";
import { isIncluded, judgeInclusion, type OpenedProof, openProof } from "./judge-inclusion.ts";
import { openPin, type PinnedLog, type ReadPin } from "./pinned-log.ts";
import type { ProofQuestion, ProvenText } from "./proof-question.ts";
import {
  type HeadFreshness,
  type ProofCheck,
  type ProofReport,
  undecided,
  verdictOfChecks,
} from "./proof-report.ts";

export function judgeEntry(question: ProofQuestion): ProofReport {
  const opened = openProof(question.proof);
  const checks: ProofCheck[] = [
    judgeBytes(question),
    judgeInclusion(opened, question.seq, question.shown),
    judgeChain(question),
  ];
  const shownHash = entryHash(bytesOf(question.shown));
  const asked = opened === null ? null : headQuestion(question, opened);
  if (asked === null) {
    const told = "There is no head to judge.";
    checks.push(undecided("signature", told), undecided("history", told), undecided("key", told));
    return {
      verdict: verdictOfChecks(checks),
      checks,
      shownHash,
      head: null,
      freshness: null,
      toKeep: null,
    };
  }
  const { check, signed } = judgeSignature(asked);
  checks.push(check, ...judgeAgainstKept(asked, signed));
  const verdict = verdictOfChecks(checks);
  return {
    verdict,
    checks,
    shownHash,
    head: signed === null ? null : headText(signed),
    freshness: signed === null ? null : freshnessOf(asked),
    toKeep: signed === null || verdict !== "proven" ? null : keptAfter(asked, signed),
  };
}

function headQuestion(question: ProofQuestion, { head }: OpenedProof): HeadQuestion {
  const pin = question.pin === null ? null : openPin(question.pin);
  const { nowMs, unsigned } = question;
  const evidence = headEvidence({
    head,
    pin,
    nowMs,
    unsigned,
    keys: parseKeyList(question.keys) ?? [],
    cutovers: cutoversOf(question),
    earlierProofs: earlierProofs(question, pin),
    kept: pin === null ? [] : [keptCheckpoint(pin)],
  });
  return { head, pin, question, evidence };
}

function judgeAgainstKept(asked: HeadQuestion, signed: SignedHead | null): ProofCheck[] {
  if (signed === null) {
    const told = "No key's signature of the head was verified.";
    return [undecided("history", told), undecided("key", told)];
  }
  const announcements = provenAnnouncements(asked, asked.evidence.keys);
  return [judgeKept(asked, signed), judgeKey(asked, signed, announcements)];
}

function keptCheckpoint({ head }: ReadPin): KeptCheckpoint {
  return { ...head, label: "the head that this browser kept", newestRecordedAt: null, seen: null };
}

function cutoversOf({ rotations }: ProofQuestion) {
  const notes = rotations.flatMap(({ size, cutover }) => {
    const note = cutover === null ? null : parseCheckpointNote(cutover);
    return note === null ? [] : [[size, note] as const];
  });
  return new Map(notes);
}

/** By old size. */
function earlierProofs({ consistency, rotations }: ProofQuestion, pin: ReadPin | null) {
  const proofs = new Map<number, readonly Uint8Array[]>();
  const add = (size: number, text: string | null) => {
    const proof = parseProofLines(text);
    // What came and is no proof counts as one that fails: the log owes one that does not.
    if (text !== null) proofs.set(size, proof ?? [new Uint8Array(0)]);
  };
  for (const rotation of rotations) add(rotation.size, rotation.consistency);
  if (pin !== null) add(pin.head.checkpoint.size, consistency);
  return proofs;
}

/** Announcements of keys, by entries that are proven to be under this very head. */
function provenAnnouncements(
  { head, question }: HeadQuestion,
  keys: readonly ListedKey[],
): KeyAnnouncements {
  const announcements = new KeyAnnouncements(keys);
  for (const { announcement } of question.rotations) {
    const proven = announcement === null ? null : provenUnder(head, announcement);
    const entry = proven === null ? null : readEntry(bytesOf(proven.body));
    if (proven !== null && entry !== null && !("fault" in entry))
      announcements.read(proven.seq, entry);
  }
  return announcements;
}

function provenUnder(
  head: HeadQuestion["head"],
  { body, proof }: ProvenText,
): { seq: number; body: string } | null {
  const opened = openProof(proof);
  if (opened === null || !isSameHead(opened.head, head) || !isIncluded(opened, body)) return null;
  return { seq: opened.proof.index, body };
}

function isSameHead(left: HeadQuestion["head"], right: HeadQuestion["head"]): boolean {
  const [a, b] = [left.checkpoint, right.checkpoint];
  return a.size === b.size && isSameHash(a.root, b.root);
}

function headText({ checkpoint, signers }: SignedHead) {
  const { origin, size, root } = checkpoint;
  return { origin, size, root: encodeBase64(root), vkeys: signers.map(formatVkey) };
}

/** The newest entry's time counts only where the entry is proven too: anyone can say when it was. */
function freshnessOf({ head, question, evidence }: HeadQuestion): HeadFreshness {
  const { newest, nowMs, unsigned } = question;
  const proven = newest === null ? null : provenUnder(head, newest);
  const entry = proven?.seq === head.checkpoint.size - 1 ? readEntry(bytesOf(proven.body)) : null;
  const newestRecordedAt = entry === null || "fault" in entry ? null : entry.recordedAt;
  const recordedMs = newestRecordedAt === null ? undefined : parseTimestampMs(newestRecordedAt);
  const findings = judgeFreshness(evidence.freshness, newestRecordedAt);
  return {
    newestRecordedAt,
    newestAgeMs: recordedMs === undefined ? null : nowMs - recordedMs,
    unsignedCount: unsigned.count,
    late: findings.map(({ message }) => sentence(message)),
  };
}

/** The key stays the one that was kept first, until one that follows it is proven. */
function keptAfter({ pin, question }: HeadQuestion, signed: SignedHead): PinnedLog | null {
  const opened = openProof(question.proof);
  const signers = signed.signers.map(formatVkey);
  const vkey = pin !== null && signers.includes(pin.vkey) ? pin.vkey : signers.at(-1);
  if (opened === null || vkey === undefined) return null;
  const seenAt = new Date(question.nowMs).toISOString();
  const isCompared = pin?.isCompared ?? false;
  return { vkey, checkpoint: opened.proof.checkpoint, seenAt, isCompared };
}
