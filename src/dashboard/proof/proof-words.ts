/** How a proof is told: in a word, with a sign, and never by colour alone. */
import type { CheckName, CheckState } from "./proof-report.ts";
import type { ProofState } from "./use-entry-proof.ts";

export type ProofTone = "good" | "bad" | "open" | "quiet";

export interface ProofWords {
  readonly tone: ProofTone;
  readonly word: string;
  readonly told: string;
}

export const SIGNS: Readonly<Record<ProofTone, string>> = {
  good: "✓",
  bad: "✕",
  open: "!",
  quiet: "…",
};

export const CHECK_TITLES: Readonly<Record<CheckName, string>> = {
  bytes: "What is shown is what was hashed",
  inclusion: "It is in the log",
  chain: "It stands between its neighbours",
  signature: "The log's key signed that head",
  history: "The log only grew since this browser last looked",
  key: "The key is the one from before",
};

export const CHECK_TONES: Readonly<Record<CheckState, ProofTone>> = {
  passed: "good",
  failed: "bad",
  open: "open",
  untested: "quiet",
};

export const CHECK_WORDS: Readonly<Record<CheckState, string>> = {
  passed: "passed",
  failed: "failed",
  open: "not decided",
  untested: "nothing to compare with",
};

const GATHER_WORDS: Readonly<Record<string, ProofWords>> = {
  checking: { tone: "quiet", word: "Checking", told: "The proof is being checked in this page." },
  not_signed_yet: {
    tone: "quiet",
    word: "Not signed yet",
    told: "The log's head is signed each minute; until then nothing proves this entry. This looks again by itself.",
  },
  pruned: {
    tone: "quiet",
    word: "Pruned",
    told: "Retention removed this entry, and its proof with it.",
  },
  missing: { tone: "open", word: "No proof", told: "The log has no entry of this index." },
  forbidden: {
    tone: "quiet",
    word: "Not checked",
    told: "Proofs need the scope audit:read, which this session does not have.",
  },
};

export function wordsOf(state: ProofState): ProofWords {
  if (state.kind === "judged") return verdictWords(state.report.verdict, state.kept !== null);
  if (state.kind === "refused") {
    const told = `The server answered with status ${state.status}. That says nothing of the entry.`;
    return { tone: "open", word: "Not checked", told };
  }
  if (state.kind === "unmade") {
    const told = `The check could not be made: ${state.reason}. That says nothing of the entry.`;
    return { tone: "open", word: "Not checked", told };
  }
  return GATHER_WORDS[state.kind]!;
}

function verdictWords(verdict: "proven" | "broken" | "open", isHeld: boolean): ProofWords {
  if (verdict === "proven") {
    const first = "This is the first head of the log that this browser sees.";
    const told = `The entry is in the log as it was signed. ${isHeld ? "" : first}`.trim();
    return { tone: "good", word: "Proven", told };
  }
  if (verdict === "broken") {
    const told =
      "Something is not what was signed, or not what this browser saw before. Keep this page, and what it says below.";
    return { tone: "bad", word: "Proof fails", told };
  }
  return { tone: "open", word: "Not decided", told: "Evidence that there should be is missing." };
}
