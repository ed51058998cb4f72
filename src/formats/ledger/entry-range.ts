/** Whether entries are missing under the head: before the first that was read, or after the last. */
import type { AuditState } from "./audit-state.ts";
import type { Finding } from "./verdicts.ts";

export function judgeRange(state: AuditState): Finding[] {
  const { evidence, chain, head } = state;
  const size = head?.checkpoint.size ?? chain.end;
  const { consistency, fromSeq, isPartAccepted, minimumIndex, toSeq } = evidence;
  const promised = toSeq ?? (consistency?.length ? chain.end : size);
  const findings: Finding[] = [];
  if (chain.end < promised) {
    const message = `the last ${promised - chain.end} entries are missing: there are none from ${chain.end} on, and should be up to ${promised - 1}`;
    findings.push(incomplete("truncated", message));
  }
  if (chain.end > size) {
    const message = `entries ${size} to ${chain.end - 1} are not under the checkpoint: take a newer one`;
    findings.push(incomplete("unsigned_entries", message));
  }
  if (isPartAccepted) return findings;
  if (fromSeq > minimumIndex || promised < size) {
    const message = `this is a part of the log by choice, ${promised - fromSeq} entries from ${fromSeq} on of those from ${minimumIndex} to ${size - 1} (--partial accepts that)`;
    findings.push(incomplete("part_of_the_log", message));
  } else if (fromSeq > 0 && state.pruning.announcedBy === null) {
    const message = `the first ${fromSeq} entries are missing, and no entry under the head announces that they were pruned`;
    findings.push(incomplete("pruning_not_announced", message));
  }
  return findings;
}

/** Whether entries other than those that were read are under the head too, and not announced as pruned. */
export function isPart({ evidence, chain, head, pruning }: AuditState): boolean {
  const { fromSeq, minimumIndex } = evidence;
  if (fromSeq > minimumIndex || (fromSeq > 0 && pruning.announcedBy === null)) return true;
  return chain.end < (head?.checkpoint.size ?? 0);
}

function incomplete(code: string, message: string): Finding {
  return { aspect: "completeness", failure: "INCOMPLETE", code, message };
}
