/** The report for machines. Members are only ever added. */
import { encodeBase64 } from "#formats/base64.ts";
import { exitCodeOf, outcomeOf } from "#formats/ledger/verdicts.ts";
import { type RunResult, shortLine } from "./result.ts";

export function jsonResult({
  report,
  evidence,
  remarks,
  location,
  stateToKeep,
}: RunResult): string {
  const { bad, checkpoint, findings } = report;
  const head = checkpoint?.checkpoint;
  const value = {
    outcome: outcomeOf(findings),
    exit_code: exitCodeOf(findings),
    verdicts: report.verdicts,
    findings,
    first_bad_entry: bad && {
      seq: bad.firstSeq,
      last_seq: bad.lastSeq,
      code: bad.code,
      message: bad.message,
      line: shortLine(bad.bytes),
    },
    first_rewritten_entry: location && { seq: location.seq, is_proven: location.isProven },
    checkpoint: head && { origin: head.origin, size: head.size, root: encodeBase64(head.root) },
    signers: report.signers,
    entries: {
      from_seq: report.fromSeq,
      to_seq: report.end,
      first_recorded_at: report.firstRecordedAt,
      last_recorded_at: report.lastRecordedAt,
      head_hash: report.headHash,
      pruning_announced_by: report.pruningAnnouncedBy,
      pruning_claim: report.pruningClaim && {
        retention_days: report.pruningClaim.retentionDays,
        standing: report.pruningClaim.standing,
      },
    },
    kept: evidence.kept.map(({ label, checkpoint: kept }) => ({ label, size: kept.size })),
    succeeded: report.succeeded,
    remarks,
    is_kept: stateToKeep !== null,
  };
  return JSON.stringify(value, null, 2);
}
