/** Instances that the answer has no calls of: they are told, for their silence may be what is wrong. */
import type { InstanceRow } from "#dashboard/overview/overview-answers.ts";
import type { InstanceLag, LagAnswer } from "./lag-answer.ts";

export function silentLags(answer: LagAnswer, instances: readonly InstanceRow[]): InstanceLag[] {
  const told = new Set(answer.series.map(({ instance }) => instance));
  const fromMs = Date.parse(answer.from);
  const steps = Math.round((Date.parse(answer.to) - fromMs) / 1000 / answer.step_seconds);
  const none = Array.from({ length: steps }, () => 0);
  const nothing = none.map(() => null);
  return instances
    .filter(({ id, last_report }) => !told.has(id) && Date.parse(last_report) >= fromMs)
    .map(({ id }) => ({
      instance: id,
      calls: none,
      p50_ms: nothing,
      p95_ms: nothing,
      ahead: none,
    }));
}
