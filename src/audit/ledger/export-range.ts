import type { AppendResult, ClosedLog } from "#audit/audit-log.ts";
import type { LogState } from "#audit/ledger/proven/log-state.ts";
import { type EntryTime, seqsOfTime } from "#audit/ledger/times/timed-range.ts";
import { consistencyProof } from "#formats/tlog/merkle-proof.ts";
import { peakNodes } from "#formats/tlog/merkle-shape.ts";
import { countLineBytes, type ProofAnswer, proveEntry, publishedNodes } from "./published.ts";

/** Leaf indexes in [from, to); null stands for where the log begins or ends. */
export interface ExportRange {
  from: number | null;
  to: number | null;
  /** In place of indexes: from the first to the last entry of that time. */
  time?: EntryTime;
  /** Only what is under the published checkpoint, so that all of it can be proven. */
  isPublishedOnly: boolean;
}

export interface PlannedExport {
  kind: "export";
  from: number;
  to: number;
  /** Bytes of the export's lines, with a line end each. */
  bytes: number;
  minIndex: number;
  /** Null unless the export is a pack. */
  evidence: ExportEvidence | null;
}

/** 8 GiB less one: a tar says a size in eleven octal digits, and what lies above each tool says in its way. */
const PACK_ENTRIES_BYTES_MAX = 8 ** 11 - 1;

/** What proves the entries of a pack, all of it under one checkpoint. */
export interface ExportEvidence {
  checkpoint: string;
  treeSize: number;
  /** Peaks of the tree of size `from`, largest first: what came before the entries. */
  prefix: Uint8Array[];
  /** Consistency proof from the tree of size `to` to that of the checkpoint. */
  consistency: Uint8Array[];
  /** Inclusion proofs of the first and the last entry. */
  proofs: { seq: number; proof: string }[];
}

export type ExportAnswer =
  | PlannedExport
  | { kind: "pruned"; minIndex: number }
  | { kind: "empty_range" }
  | { kind: "not_signed_yet" }
  | { kind: "too_large" }
  | Exclude<AppendResult, { kind: "appended" }>
  | ClosedLog;

/**
 * The range that the export's own entry names, if that is in the log: then this is the same call again,
 * whose answer was lost.
 */
export function recordedRange(sql: SqlStorage, eventId: string, asked: ExportRange): ExportRange {
  const [row] = sql
    .exec(
      `SELECT body ->> '$.details.from_seq' AS first, body ->> '$.details.to_seq' AS end
       FROM entries WHERE event_id = ?`,
      eventId,
    )
    .toArray();
  if (row === undefined) return asked;
  const { isPublishedOnly } = asked;
  return { isPublishedOnly, from: Number(row["first"]), to: Number(row["end"]) };
}

export function planExport(sql: SqlStorage, state: LogState, asked: ExportRange): ExportAnswer {
  if (asked.time === undefined) return planRange(sql, state, asked);
  const timed = seqsOfTime(sql, state, asked.time, endOf(state, asked));
  if (timed === null) return { kind: "pruned", minIndex: state.minIndex };
  return planRange(sql, state, { ...asked, ...timed });
}

function endOf({ publishedSize, treeSize }: LogState, { isPublishedOnly }: ExportRange): number {
  return isPublishedOnly ? publishedSize : treeSize;
}

function planRange(sql: SqlStorage, state: LogState, range: ExportRange): ExportAnswer {
  const { minIndex, publishedSize } = state;
  const from = range.from ?? minIndex;
  if (from < minIndex) return { kind: "pruned", minIndex };
  const end = endOf(state, range);
  const to = Math.min(range.to ?? end, end);
  if (range.to !== null && range.to < from) return { kind: "empty_range" };
  const isSigned = state.checkpoint !== null && from <= publishedSize;
  if (range.isPublishedOnly && !isSigned) return { kind: "not_signed_yet" };
  const seqs = { from, to: Math.max(from, to) };
  const bytes = countLineBytes(sql, seqs.from, seqs.to);
  const planned = { kind: "export", ...seqs, bytes, minIndex, evidence: null } as const;
  return range.isPublishedOnly ? planPack(sql, state, planned) : planned;
}

function planPack(sql: SqlStorage, state: LogState, planned: PlannedExport): ExportAnswer {
  if (planned.bytes > PACK_ENTRIES_BYTES_MAX) return { kind: "too_large" };
  return { ...planned, evidence: evidenceOf(sql, state, planned) };
}

function evidenceOf(
  sql: SqlStorage,
  state: LogState,
  { from, to }: { from: number; to: number },
): ExportEvidence {
  const nodes = publishedNodes(sql, state);
  const ends = from === to ? [] : [...new Set([from, to - 1])];
  return {
    checkpoint: state.checkpoint ?? "",
    treeSize: state.publishedSize,
    prefix: peakNodes(from).map(({ level, index }) => nodes(level, index)),
    consistency: consistencyProof(to, state.publishedSize, nodes),
    proofs: ends.map((seq) => ({ seq, proof: proofText(proveEntry(sql, state, seq)) })),
  };
}

function proofText(answer: ProofAnswer): string {
  if (answer.kind !== "proof") throw new Error(`export: no proof: ${answer.kind}`);
  return answer.proof;
}
