/**
 * The log against what the verifier kept of it: a size that falls is a rollback, the same size with
 * another root a fork, and entries that do not make the kept root a history that was rewritten. The
 * server can hide none of these from whoever holds an earlier checkpoint.
 */
import { encodeBase64 } from "#formats/base64.ts";
import { isSameHash } from "#formats/tlog/merkle-hash.ts";
import { verifyConsistency } from "#formats/tlog/merkle-verify.ts";
import { verifyNote } from "#formats/tlog/signed-note.ts";
import type { KeptCheckpoint, LogEvidence } from "./evidence.ts";
import type { SignedHead } from "./signed-head.ts";
import type { Finding } from "./verdicts.ts";

export interface ComparedLog {
  readonly evidence: LogEvidence;
  readonly head: SignedHead;
  rootAt(size: number): Uint8Array | null;
}

export function judgeHistory(log: ComparedLog): Finding[] {
  return log.evidence.kept.flatMap((kept) => {
    const finding = compareKept(log, kept);
    return finding === null ? [] : [finding];
  });
}

function compareKept(log: ComparedLog, kept: KeptCheckpoint): Finding | null {
  const { size, root } = log.head.checkpoint;
  const before = kept.checkpoint;
  if (before.size > size) {
    const message = `the log has ${size} entries under its head, ${kept.label} has ${before.size}: it was rolled back`;
    return diverged("rollback", message, log, kept);
  }
  if (before.size === size) {
    if (isSameHash(before.root, root)) return null;
    const message = `two heads of size ${size}: the root is ${encodeBase64(root)}, ${kept.label} has ${encodeBase64(before.root)}`;
    return diverged("fork", message, log, kept);
  }
  const isExtended = extendsKept(log, kept);
  if (isExtended === null) {
    const message = `whether the log extends ${kept.label}, of size ${before.size}, cannot be told from the entries that are here`;
    return { aspect: "history", failure: "INCOMPLETE", code: "kept_undecided", message };
  }
  if (isExtended) return null;
  const message = `the log's first ${before.size} entries are not those under ${kept.label}`;
  return diverged("rewritten", message, log, kept);
}

/**
 * Whether the log extends the kept checkpoint, by its entries, else by a proof; null without either. A
 * proof that fails counts against the log, which owes one that does not.
 */
function extendsKept(
  { evidence, head, rootAt }: ComparedLog,
  kept: KeptCheckpoint,
): boolean | null {
  const { size, root } = kept.checkpoint;
  const ours = rootAt(size);
  if (ours !== null) return isSameHash(ours, root);
  const proof = evidence.earlierProofs.get(size);
  if (proof === undefined) return null;
  const { size: newSize, root: newRoot } = head.checkpoint;
  return verifyConsistency({ oldSize: size, newSize, oldRoot: root, newRoot, proof });
}

/**
 * Two heads signed by a log's own keys are proof for anyone; a head that no known key signed proves
 * nothing.
 */
function diverged(
  code: string,
  message: string,
  { evidence, head }: ComparedLog,
  { note }: KeptCheckpoint,
): Finding {
  const keys = [...head.signers, ...evidence.keys.map(({ key }) => key)];
  const isSigned = verifyNote(note, keys).kind === "verified";
  const proof = isSigned
    ? "both heads are signed by this log's keys, which proves it to anyone: keep them"
    : "but no known key signed the kept one: look where it comes from";
  return { aspect: "history", failure: "DIVERGED", code, message: `${message} (${proof})` };
}
