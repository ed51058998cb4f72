/** Where a log comes from: a server, an export pack, or single files. */
import type { LogEvidence } from "#formats/ledger/evidence.ts";

/** All evidence but the verifier's own. */
export type SourceEvidence = Omit<
  LogEvidence,
  "pinned" | "kept" | "freshness" | "retentionDaysMin" | "isPartAccepted"
> & { readonly unsigned: LogEvidence["freshness"]["unsigned"] };

export interface Location {
  readonly seq: number;
  /**
   * True if the location is by hash tiles that make the signed root; else the tiles are
   * only the server's word.
   */
  readonly isProven: boolean;
}

export interface LogSource {
  readonly evidence: SourceEvidence;
  /** What the log says of itself that a reader should know. */
  readonly remarks: readonly string[];
  /**
   * The entries from `evidence.fromSeq` on, some at a time. Throws MissingEntries where some that should
   * come are not there.
   */
  entries(): AsyncIterable<readonly Uint8Array[]>;
  /** What is wrong with files beside the log that speak of it; asked once its entries are verified. */
  judgeCompanions(): readonly string[];
  /** The first entry that is not the one that was signed; null if it cannot be told. */
  locateRewrite(): Promise<Location | null>;
}
