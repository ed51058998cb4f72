/** Prints a line per guarantee and counts them: the suite needs processes, not a test framework. */
import { inspect, isDeepStrictEqual } from "node:util";

export class Checks {
  passed = 0;
  failed = 0;

  equal(guarantee: string, got: unknown, expected: unknown): void {
    this.#record(guarantee, isDeepStrictEqual(got, expected), got, expected);
  }

  within(guarantee: string, got: number, low: number, high: number): void {
    this.#record(guarantee, got >= low && got <= high, got, `${low} to ${high}`);
  }

  fail(guarantee: string, got: unknown): void {
    this.#record(guarantee, false, got, "no failure");
  }

  #record(guarantee: string, holds: boolean, got: unknown, expected: unknown): void {
    if (holds) {
      this.passed += 1;
      console.log(`ok      ${guarantee}`);
      return;
    }
    this.failed += 1;
    console.log(`FAILED  ${guarantee}: got ${shown(got)}, expected ${shown(expected)}`);
  }
}

function shown(value: unknown): string {
  return typeof value === "string"
    ? value
    : inspect(value, { depth: 5, breakLength: Number.POSITIVE_INFINITY });
}
