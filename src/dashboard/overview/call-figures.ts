/** Sums over the steps of an answer by outcome. Replays are apart, as in every figure. */
import { COUNTED, FAILED } from "#dashboard/parts/outcomes.ts";
import type { OutcomeSteps } from "./overview-answers.ts";

export interface CallFigures {
  readonly calls: number;
  readonly errors: number;
  readonly replays: number;
  /** Null without calls: no ratio is not one of zero. */
  readonly errorRatio: number | null;
}

export function callFigures({ series }: OutcomeSteps): CallFigures {
  const sumOf = (keys: readonly string[]) =>
    series
      .filter(({ key }) => keys.includes(key))
      .reduce((sum, { calls }) => sum + calls.reduce((a, b) => a + b, 0), 0);
  const calls = sumOf(COUNTED);
  const errors = sumOf(FAILED);
  const replays = sumOf(["idempotent_replay"]);
  return { calls, errors, replays, errorRatio: calls === 0 ? null : errors / calls };
}

/** A bar a step: calls, and those of them that failed. */
export function callBars({ series }: OutcomeSteps): { calls: number; errors: number }[] {
  const steps = Math.max(0, ...series.map(({ calls }) => calls.length));
  const at = (keys: readonly string[], step: number) =>
    series
      .filter(({ key }) => keys.includes(key))
      .reduce((sum, { calls }) => sum + (calls[step] ?? 0), 0);
  return Array.from({ length: steps }, (_, step) => ({
    calls: at(COUNTED, step),
    errors: at(FAILED, step),
  }));
}
