/**
 * What a verification says. The questions are kept apart, because their answers call for different
 * acts: an altered entry is not a missing one, and neither is a head that is a day old.
 *
 *   integrity      chain, tree and signature agree about every entry that was read
 *   completeness   no entry under the signed head is missing, but for an announced pruning of what had expired
 *   history        the log extends the checkpoints that the verifier kept from before
 *   freshness      the signed head is as recent as was asked for
 *   trust          the signing key is one that the verifier had before, or is proven from it
 *
 * Each finding is one reason not to pass; without any, the log is verified. What could not be
 * decided is a finding too: absent evidence never passes.
 */
export type Aspect = "integrity" | "completeness" | "history" | "freshness" | "trust";

export type Shortcoming = "INVALID" | "DIVERGED" | "INCOMPLETE" | "STALE" | "UNPINNED";

export interface Finding {
  readonly aspect: Aspect;
  readonly failure: Shortcoming;
  /** Stable, for machines. */
  readonly code: string;
  readonly message: string;
}

export interface Verdicts {
  readonly integrity: "VALID" | "INVALID" | "UNDECIDED";
  readonly completeness: "COMPLETE" | "PARTIAL" | "INCOMPLETE" | "UNDECIDED";
  readonly history: "CONSISTENT" | "DIVERGED" | "UNDECIDED" | "NOT_COMPARED";
  readonly freshness: "FRESH" | "STALE" | "NOT_JUDGED";
  readonly trust: "PINNED" | "UNPINNED" | "UNDECIDED";
}

/** Which failure rules where there are several: the first of these. */
const PRECEDENCE: readonly Shortcoming[] = [
  "INVALID",
  "DIVERGED",
  "INCOMPLETE",
  "STALE",
  "UNPINNED",
];

const EXIT_CODES: Readonly<Record<Shortcoming | "VERIFIED", number>> = {
  VERIFIED: 0,
  UNPINNED: 10,
  STALE: 20,
  DIVERGED: 30,
  INVALID: 40,
  INCOMPLETE: 50,
};

export function outcomeOf(findings: readonly Finding[]): Shortcoming | "VERIFIED" {
  return PRECEDENCE.find((failure) => hasFailed(findings, failure)) ?? "VERIFIED";
}

export function exitCodeOf(findings: readonly Finding[]): number {
  return EXIT_CODES[outcomeOf(findings)];
}

export function hasFailed(findings: readonly Finding[], failure: Shortcoming): boolean {
  return findings.some((finding) => finding.failure === failure);
}

/** What is known besides the findings. */
export interface Decided {
  /** A signature was verified, and the entries make the signed root. */
  readonly isTiedToHead: boolean;
  /** Entries under the head were left out. Where no finding objects, that was asked for. */
  readonly isPart: boolean;
  readonly hasKept: boolean;
  readonly isFreshnessJudged: boolean;
}

export function verdictsOf(findings: readonly Finding[], decided: Decided): Verdicts {
  const of = (aspect: Aspect) => findings.filter((finding) => finding.aspect === aspect);
  const isInvalid = hasFailed(findings, "INVALID");
  const isOpen = isInvalid || !decided.isTiedToHead;
  return {
    integrity: isInvalid ? "INVALID" : decided.isTiedToHead ? "VALID" : "UNDECIDED",
    completeness: completenessOf(of("completeness"), isOpen, decided.isPart),
    history: historyOf(of("history"), isOpen, decided.hasKept),
    freshness: freshnessOf(of("freshness"), !isOpen && decided.isFreshnessJudged),
    trust: trustOf(of("trust"), isOpen),
  };
}

function completenessOf(
  findings: readonly Finding[],
  isOpen: boolean,
  isPart: boolean,
): Verdicts["completeness"] {
  if (hasFailed(findings, "INCOMPLETE")) return "INCOMPLETE";
  if (isOpen) return "UNDECIDED";
  return isPart ? "PARTIAL" : "COMPLETE";
}

function historyOf(
  findings: readonly Finding[],
  isOpen: boolean,
  hasKept: boolean,
): Verdicts["history"] {
  if (!hasKept) return "NOT_COMPARED";
  if (hasFailed(findings, "DIVERGED")) return "DIVERGED";
  return isOpen || findings.length > 0 ? "UNDECIDED" : "CONSISTENT";
}

function freshnessOf(findings: readonly Finding[], isJudged: boolean): Verdicts["freshness"] {
  if (hasFailed(findings, "STALE")) return "STALE";
  return isJudged ? "FRESH" : "NOT_JUDGED";
}

function trustOf(findings: readonly Finding[], isOpen: boolean): Verdicts["trust"] {
  if (hasFailed(findings, "UNPINNED")) return "UNPINNED";
  return isOpen || findings.length > 0 ? "UNDECIDED" : "PINNED";
}
