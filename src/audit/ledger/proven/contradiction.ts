/** What the ledger holds contradicts what it recorded or what was signed of it: shown, not suspected. */

/** The reason names the entry where one can be named, and nothing of what it says. */
export class LogContradiction extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "LogContradiction";
  }
}

/** In place of an answer that would have held it: the log is frozen, nothing of it was served. */
export interface ContradictedRead {
  kind: "contradicted";
  reason: string;
}

/**
 * An answer that has what could be proven and ends there: the log is frozen for what stands next, and whoever goes
 * on gets that in place of an answer. Null where nothing cut it.
 */
export interface CutAnswer {
  cutBy: string | null;
}

export function isContradicted(answer: unknown): answer is ContradictedRead {
  return (answer as { kind?: unknown } | null)?.kind === "contradicted";
}
