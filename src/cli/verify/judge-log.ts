/** What a source's evidence and entries add up to, and what is told of the log beside them. */
import type { LogEvidence } from "#formats/ledger/evidence.ts";
import { LogAudit } from "#formats/ledger/log-audit.ts";
import type { Finding } from "#formats/ledger/verdicts.ts";
import type { Verification } from "#formats/ledger/verification.ts";
import type { LogSource } from "./log-source.ts";
import { MissingEntries } from "./no-verdict.ts";

/** `show` is told how far it has come. */
export async function judgeLog(
  source: LogSource,
  evidence: LogEvidence,
  show: (end: number) => void = () => undefined,
): Promise<Verification> {
  const audit = new LogAudit(evidence);
  try {
    if (!audit.isDecided) await feed(audit, source, show);
  } catch (error) {
    if (!(error instanceof MissingEntries)) throw error;
    audit.interrupt(error.message);
  }
  return withCompanions(audit.finish(), source);
}

async function feed(
  audit: LogAudit,
  source: LogSource,
  show: (end: number) => void,
): Promise<void> {
  for await (const entries of source.entries()) {
    for (const bytes of entries) if (!audit.add(bytes)) return;
    show(audit.end);
  }
}

/** A log that is as it was signed does not excuse a text beside it that would have people believe another. */
function withCompanions(report: Verification, source: LogSource): Verification {
  const faults = report.verdicts.integrity === "VALID" ? source.judgeCompanions() : [];
  if (faults.length === 0) return report;
  const findings = faults.map((message): Finding => {
    return { aspect: "integrity", failure: "INVALID", code: "companion_differs", message };
  });
  const verdicts = { ...report.verdicts, integrity: "INVALID" } as const;
  return { ...report, verdicts, findings: [...report.findings, ...findings] };
}
