import type { Covered } from "#dashboard/overview/overview-answers.ts";

/** Of each step the calls that began in it. */
export interface InstanceLag {
  readonly instance: string;
  readonly calls: readonly number[];
  readonly p50_ms: readonly (number | null)[];
  readonly p95_ms: readonly (number | null)[];
  /** Of the calls those that arrived before their end. */
  readonly ahead: readonly number[];
}

export interface LagAnswer extends Covered {
  readonly series: readonly InstanceLag[];
}
