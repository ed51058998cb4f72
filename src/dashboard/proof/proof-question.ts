/**
 * All that one entry's proof is judged by: texts as they came, since the page that fetched them trusts none of
 * them, and is itself no place to judge (a Web Worker does, so that nothing on the page waits for it).
 */
import type { PinnedLog } from "./pinned-log.ts";

/** A step from the kept key to the one that signs now: RFC 6962 proofs and notes, as served. */
export interface RotationEvidence {
  /** Size of the checkpoint that both keys signed. */
  readonly size: number;
  /** The note of that checkpoint. */
  readonly cutover: string | null;
  /** From that size to the head's. */
  readonly consistency: string | null;
  /** The entry that announces the next key, and its proof. */
  readonly announcement: ProvenText | null;
}

export interface ProvenText {
  readonly body: string;
  readonly proof: string;
}

/** An entry beside the one that is asked about. `unknown`: it should be there, and could not be had. */
export type Neighbour =
  | { readonly kind: "entry"; readonly body: string }
  | { readonly kind: "none" | "pruned" | "unknown" };

export interface ProofQuestion {
  readonly org: string;
  readonly log: number;
  readonly seq: number;
  /** The very text that the page shows: what is hashed is what is read. */
  readonly shown: string;
  /** The hash that the server gave beside it; a receipt or a pack may have it too. */
  readonly toldHash: string;
  /** c2sp.org/tlog-proof@v1 */
  readonly proof: string;
  /** What `GET …/audit/keys` answered. */
  readonly keys: string;
  readonly previous: Neighbour;
  readonly next: Neighbour;
  readonly pin: PinnedLog | null;
  /** RFC 6962 §2.1.2 from the kept head to the proof's, where the latter is larger. */
  readonly consistency: string | null;
  readonly rotations: readonly RotationEvidence[];
  /** The newest entry under the proof's head. */
  readonly newest: ProvenText | null;
  /** By the server's word. */
  readonly unsigned: { readonly count: number; readonly oldestAt: string | null };
  /** By this browser's clock. */
  readonly nowMs: number;
}
