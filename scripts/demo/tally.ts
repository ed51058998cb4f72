/** What the demo's actors saw. */
const KINDS = ["answered", "failed", "denied", "quarantined", "timed out", "refused"] as const;
type Kind = (typeof KINDS)[number];

/** Codes of the gateway's own errors; see GET /docs. */
const CODES: Record<number, Kind> = {
  [-31_001]: "denied",
  [-31_003]: "quarantined",
  [-31_005]: "timed out",
};

export class Tally {
  readonly #counts = new Map<Kind, number>();

  count(kind: Kind): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }

  countError(code: number | undefined): void {
    this.count(CODES[code ?? 0] ?? "refused");
  }

  get calls(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  toString(): string {
    const told = KINDS.filter((kind) => this.#counts.has(kind));
    return `${this.calls} calls: ${told.map((kind) => `${this.#counts.get(kind)} ${kind}`).join(", ")}`;
  }
}
