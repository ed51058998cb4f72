/** The state of a verification after its last entry, for the files that judge it. */
import type { BadEntry, EntryChain } from "./entry-chain.ts";
import type { LogEvidence } from "./evidence.ts";
import type { KeyAnnouncements } from "./key-proof.ts";
import type { PruningCheck } from "./pruning-check.ts";
import type { SignedHead } from "./signed-head.ts";
import type { Finding } from "./verdicts.ts";
import type { WatchedTree } from "./watched-tree.ts";

export interface AuditState {
  readonly evidence: LogEvidence;
  readonly head: SignedHead | null;
  readonly chain: EntryChain;
  readonly tree: WatchedTree | null;
  readonly pruning: PruningCheck;
  readonly announcements: KeyAnnouncements;
  readonly findings: readonly Finding[];
  readonly bad: BadEntry | null;
}
