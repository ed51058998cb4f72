/** The report for people: what was verified, the five verdicts with a reason each, and the outcome. */
import { encodeBase64 } from "#formats/base64.ts";
import { type Aspect, exitCodeOf, outcomeOf } from "#formats/ledger/verdicts.ts";
import type { Verification } from "#formats/ledger/verification.ts";
import { badSeqs, printable, type RunResult, shortLine } from "./result.ts";

const ASPECTS: readonly Aspect[] = ["integrity", "completeness", "history", "freshness", "trust"];
const LABEL_WIDTH = 14;
const VERDICT_WIDTH = 14;

export function textResult(result: RunResult): string {
  const { report } = result;
  const lines = [
    ...describeLog(report),
    ...result.remarks.map((remark) => labelled("note", remark)),
    "",
    ...ASPECTS.flatMap((aspect) => describeVerdict(result, aspect)),
    ...describeBadEntry(result),
    "",
    `${outcomeOf(report.findings)}${partOf(report)} (exit code ${exitCodeOf(report.findings)})`,
  ];
  return lines.map(printable).join("\n");
}

function describeLog(report: Verification): string[] {
  const { checkpoint, end, fromSeq, firstRecordedAt, lastRecordedAt } = report;
  const head = checkpoint?.checkpoint;
  const checkpointText =
    head === undefined ? "none" : `${head.size} entries, root ${encodeBase64(head.root)}`;
  const range =
    end === fromSeq
      ? "none read"
      : `${fromSeq} to ${end - 1}, recorded ${firstRecordedAt} to ${lastRecordedAt}`;
  return [
    labelled("log", head?.origin ?? "unknown"),
    labelled("checkpoint", checkpointText),
    ...report.signers.map((vkey) => labelled("signed by", vkey)),
    labelled("entries", range),
    ...describeSuccession(report),
  ];
}

function describeSuccession({ succeeded }: Verification): string[] {
  if (succeeded === null) return [];
  const { origin, size, reason } = succeeded;
  return [labelled("succeeds", `${origin}, signed up to size ${size} (${reason})`)];
}

function describeVerdict(result: RunResult, aspect: Aspect): string[] {
  const { findings, verdicts } = result.report;
  const reasons = findings
    .filter((finding) => finding.aspect === aspect)
    .map(({ message }) => message);
  const [first = praise(result, aspect), ...others] = reasons;
  const verdict = labelled(aspect, `${verdicts[aspect].padEnd(VERDICT_WIDTH)}${first}`);
  const indent = " ".repeat(LABEL_WIDTH + VERDICT_WIDTH);
  return [verdict.trimEnd(), ...others.map((reason) => `${indent}${reason}`)];
}

/** Why a verdict is good, or why there is none. */
function praise({ report, evidence, trustNote }: RunResult, aspect: Aspect): string {
  const { verdicts, end, fromSeq, pruningAnnouncedBy } = report;
  const verdict = verdicts[aspect];
  if (verdict === "UNDECIDED") return "cannot be told from what is here";
  const kept = evidence.kept.map(({ label, checkpoint: { size } }) => `${label}, of size ${size}`);
  const reasons: Record<Aspect, string> = {
    integrity: `${end - fromSeq} entries follow one another, and the signed root is made of them`,
    completeness:
      pruningAnnouncedBy === null
        ? completeness(report)
        : `entry ${pruningAnnouncedBy} announces that the first ${fromSeq} are pruned; ${standingOf(report)}; the rest is here`,
    history:
      kept.length === 0 ? "no checkpoint was kept from before" : `extends ${kept.join(" and ")}`,
    freshness:
      verdict === "FRESH" ? `newest entry of ${report.lastRecordedAt}` : "was not asked for",
    trust: trustNote,
  };
  return reasons[aspect];
}

/** What is known of whether they were old enough. */
function standingOf({ pruningClaim }: Verification): string {
  const days = `that all of them had been kept for ${pruningClaim?.retentionDays ?? "some"} days`;
  return pruningClaim?.standing === "borne_out"
    ? `${days} is shown by the first that is left, which had been too`
    : `${days} is the operator's word, for their own times went with them`;
}

function completeness({ verdicts, fromSeq, end }: Verification): string {
  return verdicts.completeness === "PARTIAL"
    ? `entries ${fromSeq} to ${end - 1}; about the others nothing is said`
    : "no entry under the checkpoint is missing";
}

function describeBadEntry({ location, report }: RunResult): string[] {
  if (location !== null) {
    const proof = location.isProven
      ? "by leaf hashes that make the signed root"
      : "by the server's leaf hashes, which do not make the signed root either";
    return ["", labelled("first bad entry", `${location.seq}, ${proof}`)];
  }
  if (report.bad === null) return [];
  return ["", labelled("first bad entry", badSeqs(report)), `  ${shortLine(report.bad.bytes)}`];
}

function partOf({ findings, verdicts }: Verification): string {
  const isPart = verdicts.completeness === "PARTIAL" && findings.length === 0;
  return isPart ? ", as to the part that is here" : "";
}

function labelled(label: string, text: string): string {
  return `${label.padEnd(LABEL_WIDTH - 1)} ${text}`;
}
