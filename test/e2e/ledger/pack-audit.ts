/** An export pack and what a verifier kept, judged by the spec in this process. */
import { unpackTar } from "modern-tar";
import {
  type CheckpointNote,
  type KeptCheckpoint,
  type LogEvidence,
  parseCheckpointNote,
  parseExportSummary,
  parseHashLines,
  parseKeyList,
} from "#formats/ledger/evidence.ts";
import { LogAudit } from "#formats/ledger/log-audit.ts";
import type { Verification } from "#formats/ledger/verification.ts";
import type { VerifierKey } from "#formats/tlog/note-key.ts";
import { linesOf } from "./log-check.ts";

export interface Kept {
  pinned: VerifierKey;
  checkpoints: readonly CheckpointNote[];
  /** By size, from a kept tree that is pruned by now to that of this size. */
  proofOf(oldSize: number, newSize: number): Promise<Uint8Array[] | null>;
}

export async function auditPack(pack: Buffer, kept: Kept): Promise<Verification> {
  const members = new Map<string, Buffer>();
  for (const { header, data } of await unpackTar(pack)) {
    members.set(header.name, Buffer.from(data ?? new Uint8Array(0)));
  }
  const text = (name: string) => members.get(name)?.toString() ?? "";
  const summary = parseExportSummary(text("log.json"));
  const checkpoint = parseCheckpointNote(text("checkpoint"));
  if (summary === null || checkpoint === null) throw new Error("the pack lacks its evidence");
  const audit = new LogAudit({
    missing: [],
    damaged: [],
    checkpoint,
    pinned: kept.pinned,
    keys: parseKeyList(text("keys.json")) ?? [],
    cutovers: cutoversIn(members),
    origin: summary.origin,
    fromSeq: summary.fromSeq,
    toSeq: summary.toSeq,
    minimumIndex: summary.minimumIndex,
    prefix: parseHashLines(text("prefix")),
    consistency: parseHashLines(text("consistency")),
    earlierProofs: await proofsOfPruned(kept, summary.fromSeq, checkpoint.checkpoint.size),
    kept: kept.checkpoints.map(
      (before): KeptCheckpoint => ({
        ...before,
        label: "kept",
        newestRecordedAt: null,
        seen: null,
      }),
    ),
    freshness: { nowMs: Date.now(), maxAgeMinutes: 5, unsigned: null },
    retentionDaysMin: 0,
    isPartAccepted: false,
  });
  for (const line of linesOf(members.get("entries.ndjson") ?? Buffer.alloc(0))) {
    if (!audit.add(line)) break;
  }
  return audit.finish();
}

function cutoversIn(members: ReadonlyMap<string, Buffer>): LogEvidence["cutovers"] {
  const cutovers = new Map<number, CheckpointNote>();
  for (const [name, body] of members) {
    const size = /^checkpoints\/(\d+)$/.exec(name)?.[1];
    const note = size === undefined ? null : parseCheckpointNote(body.toString());
    if (note !== null) cutovers.set(Number(size), note);
  }
  return cutovers;
}

async function proofsOfPruned(
  { checkpoints, proofOf }: Kept,
  fromSeq: number,
  size: number,
): Promise<LogEvidence["earlierProofs"]> {
  const proofs = new Map<number, Uint8Array[]>();
  const sizes = new Set(checkpoints.map(({ checkpoint }) => checkpoint.size));
  for (const old of sizes) {
    const proof = old < fromSeq && old < size ? await proofOf(old, size) : null;
    if (proof !== null) proofs.set(old, proof);
  }
  return proofs;
}
