/**
 * The files of a pack that speak of the log and prove nothing of it to the verifier: the proofs of its first
 * and last entry, and the README. People go by them, with other tools: they must say what is so.
 */
import type { CheckpointNote, ExportSummary, ListedKey } from "#formats/ledger/evidence.ts";
import { packReadme, vkeyOfHead } from "#formats/ledger/pack-readme.ts";
import { verifyInclusion } from "#formats/tlog/merkle-verify.ts";
import { formatVkey } from "#formats/tlog/note-key.ts";
import { formatTlogProof, parseTlogProof } from "#formats/tlog/tlog-proof.ts";

export const README = "README.md";

export interface Companions {
  readonly texts: ReadonlyMap<string, string | null>;
  readonly summary: ExportSummary;
  readonly keys: readonly ListedKey[];
  readonly checkpoint: CheckpointNote;
  /** Of the first and the last entry. */
  readonly leaves: ReadonlyMap<number, Uint8Array>;
}

export function proofName(seq: number): string {
  return `proofs/${seq}.tlog-proof`;
}

/** The entries of which a pack has proofs. */
export function provenSeqs({ fromSeq, toSeq }: ExportSummary): number[] {
  return fromSeq === toSeq ? [] : [...new Set([fromSeq, toSeq - 1])];
}

/** Of those that are there: that one is missing is told besides. */
export function findCompanionFaults(companions: Companions): string[] {
  const { summary, texts } = companions;
  const proofs = provenSeqs(summary)
    .filter((seq) => texts.has(proofName(seq)) && !isProofOf(companions, seq))
    .map((seq) => `${proofName(seq)} is not the proof of entry ${seq}`);
  const isForeign = texts.has(README) && texts.get(README) !== readmeOf(companions);
  const strays = straysAmong(companions).map(
    (name) => `the pack has ${name}, which is none of its files`,
  );
  return [...proofs, ...strays, ...(isForeign ? [FOREIGN_README] : [])];
}

function readmeOf({ summary, keys }: Companions): string {
  const vkeys = keys.map(({ key, fromSize }) => ({ vkey: formatVkey(key), fromSize }));
  return packReadme(summary, vkeyOfHead(vkeys, summary.treeSize));
}

/** Proofs of other entries and checkpoints of other sizes than a pack has. */
function straysAmong({ texts, summary, keys }: Companions): string[] {
  const cutovers = keys.flatMap(({ toSize }) =>
    toSize !== null && toSize <= summary.treeSize ? [`checkpoints/${toSize}`] : [],
  );
  const expected = new Set([...cutovers, ...provenSeqs(summary).map(proofName)]);
  return [...texts.keys()].filter((name) => name.includes("/") && !expected.has(name));
}

const FOREIGN_README =
  "README.md is not the text that comes with such a pack: it was altered, or is of another version of the service; do not follow its commands";

/** To the byte: a proof may have further data, which nothing authenticates. */
function isProofOf(
  { texts, checkpoint: { checkpoint }, leaves }: Companions,
  seq: number,
): boolean {
  const text = texts.get(proofName(seq)) ?? "";
  const proof = parseTlogProof(text);
  const leaf = leaves.get(seq);
  const note = texts.get("checkpoint") ?? "";
  if (proof === null || leaf === undefined || proof.index !== seq) return false;
  if (formatTlogProof({ index: seq, hashes: proof.hashes, checkpoint: note }) !== text)
    return false;
  const { size, root } = checkpoint;
  return verifyInclusion({ index: seq, size, leaf, root, proof: proof.hashes });
}
