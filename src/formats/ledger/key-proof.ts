/**
 * Why the head's key is to be trusted: it is the pinned one, or follows it by rotations of which each
 * is proven. The old key signed a checkpoint of size c (the cutover), and among the c entries under
 * it is one, `ledger.key_rotated`, that names the new key: so the old key vouched for the new.
 */
import type { CanonicalObject } from "#formats/canonical-json.ts";
import { isSameHash } from "#formats/tlog/merkle-hash.ts";
import { verifyConsistency } from "#formats/tlog/merkle-verify.ts";
import { formatVkey, parseVkey } from "#formats/tlog/note-key.ts";
import { verifyNote } from "#formats/tlog/signed-note.ts";
import { LEDGER_ACTIONS, textMember } from "./entry.ts";
import type { CheckpointNote, ListedKey, LogEvidence } from "./evidence.ts";
import type { Entry } from "./read-entry.ts";
import { isSameKey, type SignedHead } from "./signed-head.ts";
import type { Finding } from "./verdicts.ts";

/**
 * Keeps the first announcement of each listed key and of no other: a log could announce any number of keys.
 */
export class KeyAnnouncements {
  readonly #listed: ReadonlySet<string>;
  readonly #seqs = new Map<string, number>();

  constructor(keys: readonly ListedKey[]) {
    this.#listed = new Set(keys.map(({ key }) => formatVkey(key)));
  }

  read(seq: number, { action, details }: Entry): void {
    if (action !== LEDGER_ACTIONS.keyRotated) return;
    const vkey = announcedVkey(details);
    if (this.#listed.has(vkey) && !this.#seqs.has(vkey)) this.#seqs.set(vkey, seq);
  }

  seqOf({ key }: ListedKey): number | null {
    return this.#seqs.get(formatVkey(key)) ?? null;
  }
}

export interface ReadLog {
  readonly evidence: LogEvidence;
  readonly head: SignedHead;
  readonly announcements: KeyAnnouncements;
  /** Index after the last entry that was read. */
  readonly end: number;
  rootAt(size: number): Uint8Array | null;
}

export function judgeTrust(log: ReadLog): Finding[] {
  const { keys, pinned } = log.evidence;
  const { signers } = log.head;
  if (pinned !== null && signers.some((key) => isSameKey(key, pinned))) return [];
  const indexes = signers.map((signer) => keys.findIndex(({ key }) => isSameKey(key, signer)));
  const last = Math.max(...indexes);
  const first = pinned === null ? 0 : keys.findIndex(({ key }) => isSameKey(key, pinned));
  if (first < 0 || last < first) {
    const message = `the checkpoint is signed by ${signers.map(formatVkey).join(", ")}, which does not follow the pinned key`;
    return [{ aspect: "trust", failure: "INVALID", code: "not_the_pinned_key", message }];
  }
  const links = keys
    .slice(first, last)
    .map((key, at) => proveLink(log, key, keys[first + at + 1]!));
  const findings = links.filter((finding) => finding !== null);
  if (pinned !== null) return findings;
  const unpinned = `no key was pinned: the log agrees with itself, and that is all. Pin ${formatVkey(keys[last]!.key)} once you have compared it`;
  return [
    ...findings.filter(({ failure }) => failure !== "UNPINNED"),
    { aspect: "trust", failure: "UNPINNED", code: "unpinned", message: unpinned },
  ];
}

/** Null if the old key vouched for the new one. */
function proveLink(log: ReadLog, old: ListedKey, next: ListedKey): Finding | null {
  const size = old.toSize;
  const { checkpoint } = log.head;
  if (size === null || size !== next.fromSize || size > checkpoint.size) {
    return invalid("key_list_contradictory", "the log's list of keys contradicts itself");
  }
  const listed = log.evidence.cutovers.get(size);
  const cutover = listed ?? (size === checkpoint.size ? log.head : undefined);
  if (cutover === undefined) {
    const message = `the checkpoint of size ${size}, at which the key was rotated, is missing`;
    return { aspect: "trust", failure: "INCOMPLETE", code: "cutover_missing", message };
  }
  if (!isCutover(cutover, size, old, next)) {
    const message = `the checkpoint at which the key was rotated is not one of size ${size} that ${formatVkey(old.key)} and ${formatVkey(next.key)} signed`;
    return invalid("cutover_invalid", message);
  }
  return compareCutover(log, cutover, size) ?? findAnnouncement(log, next, size);
}

function isCutover(
  { note, checkpoint }: CheckpointNote,
  size: number,
  old: ListedKey,
  next: ListedKey,
): boolean {
  if (checkpoint.size !== size || checkpoint.origin !== old.key.name) return false;
  return [old, next].every(({ key }) => verifyNote(note, [key]).kind === "verified");
}

function compareCutover(log: ReadLog, cutover: CheckpointNote, size: number): Finding | null {
  const root = log.rootAt(size);
  const isSame = root === null ? isProven(log, cutover) : isSameHash(root, cutover.checkpoint.root);
  if (isSame === null) return unproven(cutover.checkpoint.size);
  if (isSame) return null;
  const message = `the log's first ${size} entries are not those under the checkpoint at which the key was rotated`;
  return invalid("cutover_contradicts", message);
}

/** Whether a proof shows that the head's tree extends the cutover's; null if there is no proof. */
function isProven({ evidence, head }: ReadLog, { checkpoint }: CheckpointNote): boolean | null {
  const proof = evidence.earlierProofs.get(checkpoint.size);
  if (proof === undefined) return null;
  return verifyConsistency({
    oldSize: checkpoint.size,
    newSize: head.checkpoint.size,
    oldRoot: checkpoint.root,
    newRoot: head.checkpoint.root,
    proof,
  });
}

function findAnnouncement(log: ReadLog, next: ListedKey, size: number): Finding | null {
  const seq = log.announcements.seqOf(next);
  if (seq !== null && seq < size) return null;
  // The announcement may stand among the entries that are not here.
  if (log.evidence.fromSeq > 0 || log.end < size) return unproven(size);
  const message = `no entry before ${size} announces the key ${formatVkey(next.key)}, which signs from there on`;
  return invalid("key_not_announced", message);
}

function unproven(size: number): Finding {
  const message = `the entry that announces the key which signs from size ${size} on is not among those read: pin the newer key once you have compared it`;
  return { aspect: "trust", failure: "UNPINNED", code: "rotation_unproven", message };
}

function invalid(code: string, message: string): Finding {
  return { aspect: "trust", failure: "INVALID", code, message };
}

function announcedVkey(details: CanonicalObject | null): string {
  const key = parseVkey(details === null ? "" : (textMember(details, "vkey") ?? ""));
  return key === null ? "" : formatVkey(key);
}
