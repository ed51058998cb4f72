/** What is said of an entry's proof. Each check is told by itself: they call for different acts. */
import type { PinnedLog } from "./pinned-log.ts";

export type CheckName = "bytes" | "chain" | "inclusion" | "signature" | "history" | "key";

/**
 * `untested`: there is nothing to compare with, as on a first visit, so nothing was shown. `open`: evidence that
 * there should be is missing; absent evidence never passes.
 */
export type CheckState = "passed" | "failed" | "open" | "untested";

export interface ProofCheck {
  readonly name: CheckName;
  readonly state: CheckState;
  /** A sentence. */
  readonly told: string;
}

/** `broken`: something is not what was signed, or contradicts what this browser kept. */
export type ProofVerdict = "proven" | "broken" | "open";

export interface ProvenHead {
  readonly origin: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
  /** The keys whose signatures verified. */
  readonly vkeys: readonly string[];
}

/** How recent the head is: no signature tells that, only a clock does. */
export interface HeadFreshness {
  readonly newestRecordedAt: string | null;
  readonly newestAgeMs: number | null;
  readonly unsignedCount: number;
  /** Sentences; none where nothing is late. */
  readonly late: readonly string[];
}

export interface ProofReport {
  readonly verdict: ProofVerdict;
  readonly checks: readonly ProofCheck[];
  /** Lower-case hex, of the text that is shown. */
  readonly shownHash: string;
  readonly head: ProvenHead | null;
  readonly freshness: HeadFreshness | null;
  /** What to keep of it for the next time; null where nothing may be kept of it. */
  readonly toKeep: PinnedLog | null;
}

export function passed(name: CheckName, told: string): ProofCheck {
  return { name, state: "passed", told };
}

export function failed(name: CheckName, told: string): ProofCheck {
  return { name, state: "failed", told };
}

export function untested(name: CheckName, told: string): ProofCheck {
  return { name, state: "untested", told };
}

export function undecided(name: CheckName, told: string): ProofCheck {
  return { name, state: "open", told };
}

export function verdictOfChecks(checks: readonly ProofCheck[]): ProofVerdict {
  if (checks.some(({ state }) => state === "failed")) return "broken";
  return checks.some(({ state }) => state === "open") ? "open" : "proven";
}
