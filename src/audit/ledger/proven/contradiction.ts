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

export function isContradicted(answer: unknown): answer is ContradictedRead {
  return (answer as { kind?: unknown } | null)?.kind === "contradicted";
}
