/** Evidence of a synthetic log as an export pack gives it, and what the audit makes of it. */

import {
  type CheckpointNote,
  type KeptCheckpoint,
  type LogEvidence,
  parseCheckpointNote,
  parseKeyList,
} from "#formats/ledger/evidence.ts";
import { LogAudit } from "#formats/ledger/log-audit.ts";
import type { SeenEntries } from "#formats/ledger/seen-entries.ts";
import type { Verification } from "#formats/ledger/verification.ts";
import { parseVkey } from "#formats/tlog/note-key.ts";
import type { SyntheticLog } from "../../harness/synthetic-log.ts";

/** A day after the synthetic logs' first entry. */
const NOW_MS = Date.parse("2026-11-21T00:00:00Z");
export const NOT_JUDGED = { nowMs: NOW_MS, maxAgeMinutes: null, unsigned: null };

export function noteOf(text: string | undefined | null): CheckpointNote {
  const note = parseCheckpointNote(text ?? "");
  if (note === null) throw new Error("the test's checkpoint is malformed");
  return note;
}

export function keptOf(
  text: string | undefined,
  newestRecordedAt: string | null = null,
  seen: SeenEntries | null = null,
): KeptCheckpoint {
  return { label: "kept", ...noteOf(text), newestRecordedAt, seen };
}

export function evidenceOf(log: SyntheticLog, changes: Partial<LogEvidence> = {}): LogEvidence {
  const fromSeq = changes.fromSeq ?? log.minimumIndex;
  const toSeq = changes.toSeq ?? log.size;
  return {
    missing: [],
    damaged: [],
    checkpoint: noteOf(log.checkpoint),
    pinned: parseVkey(log.vkey),
    keys: parseKeyList(log.keysJson()) ?? [],
    cutovers: new Map(log.cutoverSizes.map((size) => [size, noteOf(log.checkpoints.get(size))])),
    origin: log.origin,
    fromSeq,
    toSeq,
    minimumIndex: log.minimumIndex,
    prefix: log.peaks(fromSeq),
    consistency: log.consistency(toSeq, log.size),
    earlierProofs: new Map(),
    kept: [],
    freshness: NOT_JUDGED,
    // Synthetic logs are pruned seconds after they began.
    retentionDaysMin: 0,
    isPartAccepted: false,
    ...changes,
  };
}

export function linesOf(log: SyntheticLog, from = log.minimumIndex, to = log.size): Uint8Array[] {
  return log.entries.slice(from, to);
}

export function auditOf(evidence: LogEvidence, entries: Iterable<Uint8Array>): Verification {
  const audit = new LogAudit(evidence);
  for (const bytes of entries) if (!audit.add(bytes)) break;
  return audit.finish();
}

/** `integrity/root_differs` and the like, in order. */
export function codesOf({ findings }: Verification): string[] {
  return findings.map(({ failure, code }) => `${failure} ${code}`);
}
