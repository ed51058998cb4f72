/** One printed line a guarantee, and the count of both kinds: suites need processes, not a test framework. */
import { inspect, isDeepStrictEqual } from "node:util";

/** Enough to see what kind of failure it is. */
const PROBLEMS_SHOWN = 4;
const SEEN_CHARACTERS_MAX = 300;

export interface Verdict {
  passed: number;
  failed: number;
}

export class Checks {
  readonly verdict: Verdict = { passed: 0, failed: 0 };
  readonly #suite: string;

  constructor(suite: string) {
    this.#suite = suite;
  }

  /** `problems` each say what was got and what was expected; none of them is a pass. */
  report(guarantee: string, problems: readonly string[], seen = ""): void {
    const line = `${this.#suite}: ${guarantee}${seen === "" ? "" : ` (${seen})`}`;
    if (problems.length === 0) {
      this.verdict.passed += 1;
      console.log(`ok      ${line}`);
      return;
    }
    this.verdict.failed += 1;
    console.log(`FAILED  ${line}`);
    for (const problem of problems.slice(0, PROBLEMS_SHOWN)) console.log(`          ${problem}`);
    const hidden = problems.length - PROBLEMS_SHOWN;
    if (hidden > 0) console.log(`          and ${hidden} more`);
  }

  equal(guarantee: string, got: unknown, expected: unknown): void {
    const isEqual = isDeepStrictEqual(got, expected);
    const problems = isEqual ? [] : [`got ${shown(got)}, expected ${shown(expected)}`];
    this.report(guarantee, problems, isEqual ? shown(got).slice(0, SEEN_CHARACTERS_MAX) : "");
  }

  within(guarantee: string, got: number, low: number, high: number): void {
    const isWithin = got >= low && got <= high;
    this.report(guarantee, isWithin ? [] : [`got ${got}, expected ${low} to ${high}`], `${got}`);
  }
}

function shown(value: unknown): string {
  return typeof value === "string"
    ? value
    : inspect(value, { depth: 5, breakLength: Number.POSITIVE_INFINITY });
}
