/** One verification: gather what the verifier kept, read the log, judge, and say what to keep. */

import {
  type KeptCheckpoint,
  type LogEvidence,
  parseCheckpointNote,
} from "#formats/ledger/evidence.ts";
import { exitCodeOf } from "#formats/ledger/verdicts.ts";
import type { Verification } from "#formats/ledger/verification.ts";
import { formatVkey, type VerifierKey } from "#formats/tlog/note-key.ts";
import { formatNote } from "#formats/tlog/signed-note.ts";
import { judgeLog } from "./judge-log.ts";
import type { Location, LogSource } from "./log-source.ts";
import { PrunedMeanwhile, SourceUnavailable, UsageError } from "./no-verdict.ts";
import { openSource } from "./open-source.ts";
import type { VerifyOptions } from "./options.ts";
import { Progress } from "./progress.ts";
import { readText } from "./read-file.ts";
import type { RunResult } from "./result.ts";
import { seenJson } from "./seen-json.ts";
import { type KeptState, pinnedKey, readStateFile, type StateJson } from "./state-file.ts";

/** How often a log that is pruned while it is read is begun anew: it is pruned once a day at most. */
const ATTEMPTS = 3;
/** State is kept of a log that is whole and consistent, though its head be old or its key new. */
const KEEPING_EXIT_CODES = [0, 10, 20];

interface Prior {
  readonly pinned: VerifierKey | null;
  readonly isPinFromState: boolean;
  readonly state: KeptState | null;
  readonly kept: readonly KeptCheckpoint[];
}

export async function runVerification(options: VerifyOptions): Promise<RunResult> {
  const prior = await readPrior(options);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await verifyOnce(options, prior);
    } catch (error) {
      if (!(error instanceof PrunedMeanwhile)) throw error;
      if (attempt === ATTEMPTS) throw new SourceUnavailable(error.message);
    }
  }
}

async function verifyOnce(options: VerifyOptions, prior: Prior): Promise<RunResult> {
  const source = await openSource(options.source, prior);
  const { unsigned, ...gathered } = source.evidence;
  const evidence: LogEvidence = {
    ...gathered,
    pinned: prior.pinned,
    kept: prior.kept,
    freshness: { nowMs: Date.now(), maxAgeMinutes: options.maxAgeMinutes, unsigned },
    retentionDaysMin: options.retentionDaysMin,
    isPartAccepted: options.isPartAccepted,
  };
  refuseOtherLog(evidence);
  const report = await judge(source, evidence);
  const location = report.isRewritten ? await locate(source) : null;
  const stateToKeep = options.state === null ? null : nextState(options, prior, report);
  const trustNote = describeTrust(prior, report);
  return { report, evidence, remarks: source.remarks, location, trustNote, stateToKeep };
}

async function judge(source: LogSource, evidence: LogEvidence): Promise<Verification> {
  const progress = new Progress();
  const total = evidence.toSeq ?? evidence.checkpoint?.checkpoint.size ?? null;
  try {
    return await judgeLog(source, evidence, (end) => progress.show(end, total));
  } finally {
    progress.clear();
  }
}

/**
 * Where a rewritten history begins. The verdict stands without that: whatever keeps it from being found is
 * no reason to lose the verdict.
 */
async function locate(source: LogSource): Promise<Location | null> {
  try {
    return await source.locateRewrite();
  } catch {
    return null;
  }
}

async function readPrior(options: VerifyOptions): Promise<Prior> {
  const state = options.state === null ? null : await readStateFile(options.state);
  const { key: pinned, isFromState } = pinnedKey(options.vkey, state);
  const kept = [
    ...(state === null ? [] : [keptOfState(state)]),
    ...(options.since === null ? [] : [await readSince(options.since)]),
  ];
  return { pinned, isPinFromState: isFromState, state, kept };
}

function keptOfState({ checkpoint, newestRecordedAt, seen }: KeptState): KeptCheckpoint {
  return { label: "the state of the last run", ...checkpoint, newestRecordedAt, seen };
}

async function readSince(path: string): Promise<KeptCheckpoint> {
  const note = parseCheckpointNote((await readText(path)) ?? "");
  if (note === null) throw new UsageError(`--since ${path} is no checkpoint`);
  return { label: path, ...note, newestRecordedAt: null, seen: null };
}

/** What was kept of another log is a mix-up of files, and says nothing about this one. */
function refuseOtherLog({ checkpoint, kept, origin }: LogEvidence): void {
  const asked = origin ?? checkpoint?.checkpoint.origin;
  const other = kept.find(
    (before) => before.checkpoint.origin !== (asked ?? before.checkpoint.origin),
  );
  if (other === undefined) return;
  throw new UsageError(`${other.label} is of ${other.checkpoint.origin}, this log is ${asked}`);
}

function nextState(
  { vkey }: VerifyOptions,
  prior: Prior,
  { checkpoint, findings, lastRecordedAt, seen, signers, verdicts }: Verification,
): StateJson | null {
  const isGood = KEEPING_EXIT_CODES.includes(exitCodeOf(findings));
  if (checkpoint === null || !isGood || verdicts.completeness !== "COMPLETE") return null;
  // A key that is not proven from a pinned one is not to be pinned by the next run.
  if (verdicts.trust !== "PINNED" && prior.pinned !== null) return null;
  const pinned = prior.pinned === null ? null : formatVkey(prior.pinned);
  const anchor = prior.isPinFromState ? (vkey ?? prior.state?.anchor ?? null) : vkey;
  return {
    origin: checkpoint.checkpoint.origin,
    vkey: signers.find((signer) => signer === pinned) ?? signers.at(-1) ?? "",
    anchor: anchor === null ? null : formatVkey(anchor),
    checkpoint: formatNote(checkpoint.note.text, checkpoint.note.signatures),
    newest_recorded_at: lastRecordedAt,
    ...seenJson(seen),
  };
}

function describeTrust(
  { isPinFromState, pinned, state }: Prior,
  { signers }: Verification,
): string {
  const isSigner = pinned !== null && signers.includes(formatVkey(pinned));
  const how = isSigner ? "signed by" : "signed by a key that rotations prove from";
  if (!isPinFromState || state === null) return `${how} the pinned key`;
  const origin =
    state.anchor === null ? "trusted when it was first seen" : "which a pinned --vkey vouched for";
  return `${how} the state's key, ${origin}`;
}
