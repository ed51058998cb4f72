/** Whether a text is the entry of an index under a proof's head. Nothing is said of who signed that head. */
import { type CheckpointNote, parseCheckpointNote } from "#formats/ledger/evidence.ts";
import { leafHash } from "#formats/tlog/merkle-hash.ts";
import { verifyInclusion } from "#formats/tlog/merkle-verify.ts";
import { parseTlogProof, type TlogProof } from "#formats/tlog/tlog-proof.ts";
import { bytesOf } from "./judge-chain.ts";
import { failed, type ProofCheck, passed } from "./proof-report.ts";

export interface OpenedProof {
  readonly proof: TlogProof;
  readonly head: CheckpointNote;
}

/** Null unless the text is a proof with a checkpoint in it. */
export function openProof(text: string): OpenedProof | null {
  const proof = parseTlogProof(text);
  const head = proof === null ? null : parseCheckpointNote(proof.checkpoint);
  return proof === null || head === null ? null : { proof, head };
}

export function judgeInclusion(opened: OpenedProof | null, seq: number, text: string): ProofCheck {
  if (opened === null) return failed("inclusion", "What came as the proof is none.");
  const { proof, head } = opened;
  if (proof.index !== seq) {
    return failed("inclusion", `The proof is of entry ${proof.index}, not of ${seq}.`);
  }
  const { size } = head.checkpoint;
  if (!isIncluded(opened, text)) {
    const told = `The proof does not lead from what is shown to the root of the ${size} signed entries.`;
    return failed("inclusion", told);
  }
  const path = `${proof.hashes.length} hashes`;
  return passed("inclusion", `${path} lead from it to the root of the head of ${size} entries.`);
}

export function isIncluded({ proof, head }: OpenedProof, text: string): boolean {
  const { size, root } = head.checkpoint;
  const { index, hashes } = proof;
  return verifyInclusion({ index, size, leaf: leafHash(bytesOf(text)), root, proof: hashes });
}
